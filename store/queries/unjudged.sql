-- The ranked tables of whose scores nothing is worked out yet, and their digests.
SELECT protocol, preset, text, scheme, task_set, digest
FROM table_digests ANTI JOIN kept_verdicts USING (task_set, protocol, preset, text, scheme, digest)
ORDER BY ALL
