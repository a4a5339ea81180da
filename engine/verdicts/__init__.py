"""What the scores of a ranked table can tell: `engine.stats` asked about what the store holds."""
