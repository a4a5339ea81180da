-- Write down what the ranked table of one arm mixes. $protocol, $preset, $text.
INSERT INTO mixed
SELECT *
FROM mixtures
WHERE protocol = $protocol AND preset = $preset AND text = $text
