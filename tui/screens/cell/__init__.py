"""One cell of the ranked table."""
