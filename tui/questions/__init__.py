"""What the screens ask of the engine and the store, one module a question."""
