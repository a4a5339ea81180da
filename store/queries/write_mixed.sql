-- Write down what the ranked table of one arm mixes. $protocol, $preset, $text, $scheme.
INSERT INTO mixed BY NAME
SELECT *
FROM mixtures
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
