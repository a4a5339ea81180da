-- Write down which scores the ranked tables of one arm are of. $protocol, $preset, $text, $scheme.
INSERT INTO table_digests BY NAME
WITH cells AS (
    SELECT task_set, protocol, preset, text, scheme, model, task, config
    FROM ranked
    WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
)
SELECT
    task_set, protocol, preset, text, scheme,
    format(
        '{} {} {}', count(*), coalesce(any_value(len(tasks)), 0),
        bit_xor(hash(key || coalesce(predictions_hash, 'failed')))
    ) AS digest
FROM cells
JOIN units USING (protocol, preset, text, scheme, model, task, config)
LEFT JOIN (SELECT key, predictions_hash FROM scores) USING (key)
LEFT JOIN task_sets USING (task_set)
GROUP BY task_set, protocol, preset, text, scheme
