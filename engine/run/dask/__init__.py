"""Units on a Dask cluster: each embedding and each unit is one of its tasks, and vectors are its data."""
