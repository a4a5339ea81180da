-- The ranked cells of one arm. $protocol, $preset, $text, $scheme.
SELECT model, task, auc, sd, rank, n, failed, mean_auc, mean_rank
FROM ranked
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
