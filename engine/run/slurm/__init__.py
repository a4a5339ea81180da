"""Shards as a job array of SLURM: submitted, followed, and what is missing submitted again."""
