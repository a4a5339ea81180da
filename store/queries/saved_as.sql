-- The models and tasks, as they were called then, that units of these keys were saved for. $keys.
SELECT DISTINCT model, task FROM units WHERE key IN (SELECT unnest($keys)) ORDER BY ALL
