-- Which scores a ranked table is of, so that what was worked out from others is known to be stale.
CREATE TABLE table_digests (
    task_set  VARCHAR NOT NULL,
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    digest    VARCHAR NOT NULL  -- of the keys, scores and failures of its cells, and its number of tasks
);

-- What was worked out from the scores of a digest: the views `intervals`, `contrasts` and `rank_intervals`
-- show the rows that are of today's. `task` is a task of the set, or 'mean' for the mean over all.
CREATE TABLE kept_verdicts (
    task_set  VARCHAR NOT NULL,
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    digest    VARCHAR NOT NULL,
    trouble   VARCHAR NOT NULL  -- why nothing could be worked out, or ''
);

CREATE TABLE kept_intervals (
    task_set     VARCHAR NOT NULL,
    protocol     VARCHAR NOT NULL,
    preset       VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    scheme       VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    task         VARCHAR NOT NULL,
    auc          DOUBLE NOT NULL,
    low          DOUBLE,            -- 95 %, on the logit scale; NULL: no spread to judge by
    high         DOUBLE,
    se_genes     DOUBLE NOT NULL,   -- standard error for other genes like these
    se_splits    DOUBLE,            -- for other splits (Nadeau and Bengio 2003); NULL with one split
    nu           INTEGER NOT NULL,  -- degrees of freedom
    n            INTEGER NOT NULL,  -- splits; of a mean, the fewest of a task
    preliminary  BOOLEAN NOT NULL   -- fewer than five
);

CREATE TABLE kept_contrasts (
    task_set       VARCHAR NOT NULL,
    protocol       VARCHAR NOT NULL,
    preset         VARCHAR NOT NULL,
    text           VARCHAR NOT NULL,
    scheme         VARCHAR NOT NULL,
    task           VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    other          VARCHAR NOT NULL,
    difference     DOUBLE,            -- AUC of the model less that of the other, on the tests that both have
    low            DOUBLE,            -- 95 %
    high           DOUBLE,
    p              DOUBLE,            -- two-sided, of no difference; of this pair alone
    model_better   DOUBLE,            -- probability that it is better by more than .01
    same           DOUBLE,            -- that they are within .01
    other_better   DOUBLE,
    verdict        VARCHAR NOT NULL,
    n              INTEGER            -- common splits; of a mean, the fewest of a task
);

CREATE TABLE kept_rank_intervals (
    task_set  VARCHAR NOT NULL,
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    task      VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    first_place  INTEGER NOT NULL,  -- the places that it may have: all of a table hold together with 95 %
    last_place   INTEGER NOT NULL,
    among        INTEGER NOT NULL,  -- how many models
    letters      VARCHAR NOT NULL,  -- two models that share one are not told apart
    may_be_best  BOOLEAN NOT NULL   -- whether it is in the leading group
);
