-- Statistical controls stand beside the contestants of a ranked table and have no rank: whether a row is of one.
ALTER TABLE units ADD COLUMN control BOOLEAN DEFAULT FALSE;
UPDATE units SET control = TRUE WHERE spec ->> '$.model.kind' = 'control';

ALTER TABLE scores ADD COLUMN control BOOLEAN DEFAULT FALSE;
UPDATE scores SET control = TRUE WHERE key IN (SELECT key FROM units WHERE control);

ALTER TABLE ranked ADD COLUMN control BOOLEAN DEFAULT FALSE;

-- Whether the gene has a text by the recipe, or only its name instead; NULL: not known.
ALTER TABLE task_genes ADD COLUMN described BOOLEAN;

-- Every contestant beside the control TF-IDF; see the view `beats_tfidf`.
CREATE TABLE kept_beats (
    task_set     VARCHAR NOT NULL,
    protocol     VARCHAR NOT NULL,
    preset       VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    scheme       VARCHAR NOT NULL,
    task         VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    difference   DOUBLE NOT NULL,   -- AUC of the model less that of TF-IDF, on the tests that all have
    low          DOUBLE,            -- 95 %, for all contestants together; NULL: no spread to judge by
    high         DOUBLE,
    p            DOUBLE,            -- adjusted for looking at all of them
    verdict      VARCHAR NOT NULL,  -- beats, below, same for practical purposes, not shown
    among        INTEGER NOT NULL,  -- how many contestants
    n            INTEGER NOT NULL,  -- common splits; of a mean, the fewest of a task
    preliminary  BOOLEAN NOT NULL   -- fewer than five
);

-- What was worked out before knew no controls.
DELETE FROM kept_verdicts;
DELETE FROM kept_intervals;
DELETE FROM kept_contrasts;
DELETE FROM kept_rank_intervals;
