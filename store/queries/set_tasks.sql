-- The tasks of one set, in order; none of `own`, which has no list. $task_set.
SELECT unnest(tasks)
FROM task_sets
WHERE task_set = $task_set
