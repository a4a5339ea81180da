-- Which revisions a unit was computed with, and whether ranked cells may be compared as they stand.
ALTER TABLE units ADD COLUMN model_revision VARCHAR;    -- pinned commit, version or SHA-256
ALTER TABLE units ADD COLUMN protocol_revision BIGINT;  -- raised when a protocol's numbers change on purpose
UPDATE units SET
    model_revision = spec->>'$.model.revision',
    protocol_revision = CAST(spec->>'$.protocol.revision' AS BIGINT);

ALTER TABLE ranked ADD COLUMN splits VARCHAR;  -- the same for cells that were scored on the same splits
ALTER TABLE ranked ADD COLUMN task_hash VARCHAR;
ALTER TABLE ranked ADD COLUMN model_revision VARCHAR;
ALTER TABLE ranked ADD COLUMN protocol_revision BIGINT;

-- What the numbers of a cell depend on. A split follows from its task, scheme and seed alone.
CREATE VIEW comparability AS
SELECT
    protocol, preset, text, model, task, config,
    format('{:016x}', bit_xor(hash(scheme, seed)) FILTER (state = 'scored')) AS splits,
    any_value(task_hash) AS task_hash,
    any_value(model_revision) AS model_revision,
    any_value(protocol_revision) AS protocol_revision
FROM units
GROUP BY ALL;

DELETE FROM ranked;
INSERT INTO ranked BY NAME
SELECT * FROM leaderboard JOIN comparability USING (protocol, preset, text, model, task, config);
