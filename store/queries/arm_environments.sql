-- How many environments the scores of one arm come from. $protocol, $preset, $text.
SELECT count(DISTINCT environment)
FROM scores
WHERE protocol = $protocol AND preset = $preset AND text = $text
