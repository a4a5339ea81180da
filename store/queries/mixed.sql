-- What the ranked table of one arm mixes: (what, name). $protocol, $preset, $text, $scheme.
SELECT what, name
FROM mixed
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
ORDER BY ALL
