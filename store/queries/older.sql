-- The models of one ranked table that have cells of several configurations.
-- $task_set, $protocol, $preset, $text, $scheme.
SELECT DISTINCT model
FROM ranked
WHERE task_set = $task_set
    AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme AND configs > 1
ORDER BY model
