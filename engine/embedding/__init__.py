"""From texts to vectors with one model: what its files say, loading, the encoding loop, the cache."""
