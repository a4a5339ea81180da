-- Which revisions a unit was computed with, and what keeps ranked rows from being compared.
ALTER TABLE units ADD COLUMN model_revision VARCHAR;    -- pinned commit, version or SHA-256
ALTER TABLE units ADD COLUMN protocol_revision BIGINT;  -- raised when a protocol's numbers change on purpose
UPDATE units SET
    model_revision = spec->>'$.model.revision',
    protocol_revision = CAST(spec->>'$.protocol.revision' AS BIGINT);

-- What is mixed in the ranked table of a protocol, preset and text: tasks of several `texts` (genes,
-- labels or descriptions), tasks scored on several `splits` though on as many, `models` and
-- `protocols` of several revisions. A split follows from its task, scheme and seed alone.
CREATE VIEW mixtures AS
WITH cells AS (
    SELECT
        protocol, preset, text, model, task,
        count(*) AS n,
        bit_xor(hash(scheme, seed)) AS splits,
        any_value(task_hash) AS task_hash,
        any_value(model_revision) AS model_revision,
        any_value(protocol_revision) AS protocol_revision
    FROM units SEMI JOIN ranked USING (protocol, preset, text, model, task, config)
    WHERE state = 'scored'
    GROUP BY protocol, preset, text, model, task
)
SELECT protocol, preset, text, 'texts' AS what, task AS name
FROM cells GROUP BY ALL HAVING count(DISTINCT task_hash) > 1
UNION ALL
SELECT DISTINCT protocol, preset, text, 'splits', task
FROM cells GROUP BY protocol, preset, text, task, n HAVING count(DISTINCT splits) > 1
UNION ALL
SELECT protocol, preset, text, 'models', model
FROM cells GROUP BY ALL HAVING count(DISTINCT model_revision) > 1
UNION ALL
SELECT protocol, preset, text, 'protocols', protocol
FROM cells GROUP BY ALL HAVING count(DISTINCT protocol_revision) > 1;

-- The rows of the view `mixtures`, written down like `ranked`.
CREATE TABLE mixed (
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    what      VARCHAR NOT NULL,  -- texts, splits, models, protocols
    name      VARCHAR NOT NULL   -- of the task, model or protocol
);
INSERT INTO mixed SELECT * FROM mixtures;
