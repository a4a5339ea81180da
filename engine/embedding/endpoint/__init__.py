"""An OpenAI-compatible embeddings endpoint as a model."""
