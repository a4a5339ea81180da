-- The sets of tasks that users named, each as it was last defined; see the view `task_sets`.
CREATE TABLE named_sets (
    name   VARCHAR PRIMARY KEY,
    tasks  VARCHAR[] NOT NULL,  -- in the order of its columns; empty: the set was removed
    turn   BIGINT NOT NULL      -- of several definitions the highest counts, and no clock has a say in it
);

-- `ranked` and `mixed` of before knew no sets. What they hold is written anew after this step.
DROP TABLE ranked;
DROP TABLE mixed;

-- The rows of the view `leaderboard`, written down by the writer whenever scores are added, for the
-- screens that ask every second: at a million scores 3 ms instead of 110.
CREATE TABLE ranked (
    task_set     VARCHAR NOT NULL,   -- paper, own, or a name of `named_sets`
    protocol     VARCHAR NOT NULL,
    preset       VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    scheme       VARCHAR NOT NULL,   -- how splits are drawn
    model        VARCHAR NOT NULL,
    task         VARCHAR NOT NULL,   -- in several sets: a row for each
    auc          DOUBLE,             -- NULL: no split was scored
    sd           DOUBLE,             -- sample standard deviation; NULL below two splits
    n            BIGINT NOT NULL,    -- scored splits
    failed       BIGINT NOT NULL,    -- splits whose last word is a failure
    rank         DOUBLE,
    mean_auc     DOUBLE,
    mean_rank    DOUBLE,
    config       VARCHAR NOT NULL,
    configs      BIGINT NOT NULL,
    finished_at  TIMESTAMP NOT NULL  -- of the newest split
);

-- The rows of the view `mixtures`, written down like `ranked`.
CREATE TABLE mixed (
    task_set  VARCHAR NOT NULL,
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    what      VARCHAR NOT NULL,  -- texts, splits, models, protocols
    name      VARCHAR NOT NULL   -- of the task, model or protocol
);
