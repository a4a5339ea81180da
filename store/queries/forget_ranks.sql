-- Drop the written-down ranks of one arm. $protocol, $preset, $text, $scheme.
DELETE FROM ranked
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
