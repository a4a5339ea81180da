-- The tasks of each set: (task_set, task); of `own` those with results.
SELECT task_set, unnest(tasks) AS task
FROM task_sets
UNION
SELECT task_set, task
FROM ranked
ORDER BY ALL
