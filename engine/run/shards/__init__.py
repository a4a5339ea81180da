"""Units cut into shards, frozen in a file, worked off by tasks anywhere and collected: by no scheduler."""
