-- Drop what was written down of an arm's mixtures. $protocol, $preset, $text, $scheme.
DELETE FROM mixed
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
