-- The cells of one ranked table. $task_set, $protocol, $preset, $text, $scheme.
SELECT model, control, task, auc, sd, rank, n, failed, mean_auc, mean_rank
FROM ranked
WHERE task_set = $task_set
    AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
