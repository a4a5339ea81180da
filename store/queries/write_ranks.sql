-- Write down the ranks of one arm. $protocol, $preset, $text, $scheme.
INSERT INTO ranked BY NAME
SELECT *
FROM leaderboard
WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
