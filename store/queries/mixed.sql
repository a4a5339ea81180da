-- What one ranked table mixes: (what, name). $task_set, $protocol, $preset, $text, $scheme.
SELECT what, name
FROM mixed
WHERE task_set = $task_set
    AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
ORDER BY ALL
