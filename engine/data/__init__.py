"""From files to genes, labels, texts and splits: importers, resolution, audits, safe loaders."""
