"""Other encoders than the one of `engine.embedding.encoder`, and what all of them end with."""
