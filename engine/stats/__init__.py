"""What can be said of kept scores: pure functions on arrays, with their sources."""
