"""What may give a task's labels away, so that a score of it says less of a model than it seems."""
