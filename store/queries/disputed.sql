-- How many splits of one arm gave another number later. $protocol, $preset, $text, $scheme.
SELECT count(*)
FROM units SEMI JOIN conflicts USING (key)
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
