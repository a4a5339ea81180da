-- The AUC of every split behind one ranked table, by row, task and seed; NULL if the split failed. The draws of
-- a control are averaged. $task_set, $protocol, $preset, $text, $scheme.
WITH cells AS (
    SELECT model, task, config
    FROM ranked
    WHERE task_set = $task_set AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
)
SELECT
    CASE WHEN control THEN regexp_replace(model, '-\d+$', '') ELSE model END AS row, task, seed,
    CASE WHEN NOT bool_or(state = 'failed') THEN avg(auc) END AS auc
FROM units
SEMI JOIN cells USING (model, task, config)
LEFT JOIN (SELECT key, auc FROM scores) USING (key)
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
GROUP BY ALL
ORDER BY row, task, seed
