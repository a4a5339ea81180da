"""Other encoders than that of `engine.embedding.encoder`."""
