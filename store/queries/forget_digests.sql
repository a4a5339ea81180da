-- Drop the digests of the ranked tables of one arm. $protocol, $preset, $text, $scheme.
DELETE FROM table_digests
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
