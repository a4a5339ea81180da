-- Units of these keys with an outcome. $keys.
SELECT count(DISTINCT key) FROM units WHERE key IN (SELECT unnest($keys)) AND state IN ('scored', 'failed')
