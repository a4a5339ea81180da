-- How many environments the scores of one ranked table come from.
-- $task_set, $protocol, $preset, $text, $scheme.
SELECT count(DISTINCT environment)
FROM scores
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    AND task IN (
        SELECT task
        FROM ranked
        WHERE task_set = $task_set
            AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    )
