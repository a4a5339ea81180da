-- The tasks whose ranked cells of one arm were computed on different contents. $protocol, $preset, $text.
SELECT task
FROM ranked JOIN (
    SELECT DISTINCT config, task_hash
    FROM units
    WHERE protocol = $protocol AND preset = $preset AND text = $text
) USING (config)
WHERE protocol = $protocol AND preset = $preset AND text = $text
GROUP BY task
HAVING count(DISTINCT task_hash) > 1
ORDER BY task
