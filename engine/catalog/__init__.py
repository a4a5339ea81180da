"""What can be chosen, as data: models, protocols and presets."""
