"""The work: from a selection of models, tasks and protocols to scored splits. Runs with no terminal."""
