-- The models of one arm that have cells of several configurations. $protocol, $preset, $text, $scheme.
SELECT DISTINCT model
FROM ranked
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme AND configs > 1
ORDER BY model
