-- How many environments the scores of one arm come from. $protocol, $preset, $text, $scheme.
SELECT count(DISTINCT environment)
FROM scores
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
