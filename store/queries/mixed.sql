-- What the ranked table of one arm mixes: (what, name). $protocol, $preset, $text.
SELECT what, name FROM mixed WHERE protocol = $protocol AND preset = $preset AND text = $text ORDER BY ALL
