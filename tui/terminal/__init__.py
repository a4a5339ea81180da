"""The terminal around the screens: keys that come in, text that goes out, and its going away."""
