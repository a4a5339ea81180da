-- How many splits of one ranked table gave another number later.
-- $task_set, $protocol, $preset, $text, $scheme.
SELECT count(*)
FROM units SEMI JOIN conflicts USING (key)
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    AND task IN (
        SELECT task
        FROM ranked
        WHERE task_set = $task_set
            AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    )
