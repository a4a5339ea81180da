"""Tasks: the folders they are kept in, their audit, their texts and their splits."""
