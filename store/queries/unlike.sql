-- What keeps the ranked cells of one arm from being compared as they stand: (what, name).
-- $protocol, $preset, $text.
WITH cells AS (
    SELECT * FROM ranked WHERE protocol = $protocol AND preset = $preset AND text = $text AND n > 0
)
SELECT 'texts' AS what, task AS name FROM cells GROUP BY task HAVING count(DISTINCT task_hash) > 1
UNION ALL
-- Fewer splits are told by their number; as many, but others, only here.
SELECT DISTINCT 'splits', task FROM cells GROUP BY task, n HAVING count(DISTINCT splits) > 1
UNION ALL
SELECT 'models', model FROM cells GROUP BY model HAVING count(DISTINCT model_revision) > 1
UNION ALL
SELECT 'protocols', protocol FROM cells GROUP BY protocol HAVING count(DISTINCT protocol_revision) > 1
ORDER BY ALL
