"""Units as a SLURM job array over a shared home: frozen shards, a journal for each task, no claim."""
