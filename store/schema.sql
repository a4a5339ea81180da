-- The tables and views of arena.duckdb: a public interface, safe to query with any tool.
--
-- Everything here is filled from the journals, and `genearena repair` rebuilds it from them.
-- Times are UTC. `key` is the unit's key: 40 hex digits of the SHA-256 of everything that can
-- change its number. Read with `duckdb -readonly arena.duckdb` or `store.connect()`.
--
-- A key stands once in `units` and in `scores`, since the writer, who has the file to himself, looks
-- first. No index checks that again: at a million splits two indexes took 190 of 246 MB, and each
-- batch of new splits 140 ms instead of 40.

-- ------------------------------------------------------------------------------- what was chosen

CREATE TABLE models (
    name          VARCHAR PRIMARY KEY,   -- as in every table's column `model`
    kind          VARCHAR NOT NULL,      -- huggingface, package, folder, vectors, endpoint
    source        VARCHAR NOT NULL,      -- hub id, package, path or URL
    revision      VARCHAR NOT NULL,      -- SHA-256 of the files that its vectors depend on
    version       VARCHAR NOT NULL,      -- commit on the Hub, version of the package, or ''
    dimension     INTEGER,
    parameters    BIGINT,                -- true parameter count
    pooling       VARCHAR,               -- NULL: as the model's own files say
    normalize     BOOLEAN,
    prefix        VARCHAR NOT NULL,
    max_tokens    INTEGER,
    licence       VARCHAR NOT NULL,
    paper_name    VARCHAR NOT NULL,      -- its row in the paper's tables, or ''
    printed       MAP(VARCHAR, DOUBLE),  -- figures as the paper prints them
    note          VARCHAR NOT NULL
);

CREATE TABLE tasks (
    hash     VARCHAR PRIMARY KEY,  -- SHA-256 of classes, genes, labels and texts
    name     VARCHAR NOT NULL,     -- several rows share a name when labels or texts differ
    title    VARCHAR NOT NULL,
    classes  VARCHAR[] NOT NULL,   -- a label is an index into this list, from 0
    genes    INTEGER NOT NULL,     -- how many
    source   VARCHAR NOT NULL,
    audit    JSON NOT NULL         -- from label file to analysed genes, with reasons
);

CREATE TABLE task_genes (
    task_hash  VARCHAR NOT NULL,
    "index"    INTEGER NOT NULL,  -- the gene's place in the task, from 0
    gene       VARCHAR NOT NULL,
    label      INTEGER NOT NULL,
    class      VARCHAR NOT NULL,
    text       VARCHAR NOT NULL   -- the description that is embedded
);

-- ------------------------------------------------------------------------------- what was run

CREATE TABLE runs (
    id            VARCHAR PRIMARY KEY,
    started_at    TIMESTAMP,
    finished_at   TIMESTAMP,           -- NULL: still running, or interrupted
    state         VARCHAR NOT NULL,    -- started, finished, failed, cancelled
    selection     JSON NOT NULL,       -- what was asked for
    total         BIGINT NOT NULL,
    already_done  BIGINT NOT NULL,
    pid           BIGINT NOT NULL,
    host          VARCHAR NOT NULL
);

CREATE TABLE environments (
    hash      VARCHAR PRIMARY KEY,
    python    VARCHAR,
    platform  VARCHAR,
    host      VARCHAR,
    device    VARCHAR,
    cpu       VARCHAR,
    threads   INTEGER,
    versions  MAP(VARCHAR, VARCHAR),  -- library -> version
    kernels   VARCHAR                 -- AVX512 ..., by which numbers round
);

-- What a model cost when it embedded texts: one row for each time it really ran.
CREATE TABLE measurements (
    model        VARCHAR NOT NULL,
    revision     VARCHAR NOT NULL,   -- models.revision
    "precision"  VARCHAR NOT NULL,   -- fp32, bf16
    environment  VARCHAR NOT NULL,   -- environments.hash, which tells device, host and versions
    measured_at  TIMESTAMP NOT NULL,
    texts        BIGINT NOT NULL,    -- that were embedded; those found in the cache do not count
    seconds      DOUBLE NOT NULL,    -- wall time of embedding them, loading not included
    ms_per_text  DOUBLE,
    parameters   BIGINT,             -- that were loaded; NULL: the model is elsewhere
    bytes_fp32   BIGINT,             -- the weights at four bytes each
    bytes_fp16   BIGINT,             -- the weights at two bytes each
    peak_memory  BIGINT              -- bytes: of tensors on a GPU, of the whole process on a CPU
);

-- One row for each unit of work that has ended, well or not.
CREATE TABLE units (
    key                VARCHAR NOT NULL,
    model              VARCHAR NOT NULL,
    task               VARCHAR NOT NULL,
    protocol           VARCHAR NOT NULL,
    preset             VARCHAR NOT NULL,
    text               VARCHAR NOT NULL,  -- text recipe: axes->>'text'
    seed               BIGINT NOT NULL,
    scheme             VARCHAR NOT NULL,  -- how splits are drawn
    config             VARCHAR NOT NULL,  -- 12 hex digits: the spec without the seed
    task_hash          VARCHAR NOT NULL,
    model_revision     VARCHAR NOT NULL,  -- models.revision
    protocol_revision  BIGINT NOT NULL,   -- raised when a protocol's numbers change on purpose
    axes               JSON NOT NULL,
    spec               JSON NOT NULL,     -- everything the key is made of
    state              VARCHAR NOT NULL,  -- scored, failed
    finished_at        TIMESTAMP NOT NULL
);

-- One row for each scored unit; repeats the unit's coordinates, so that most questions need no join
-- (grouping a million scores: 25 ms against 150 ms with one).
CREATE TABLE scores (
    key               VARCHAR NOT NULL,
    model             VARCHAR NOT NULL,
    task              VARCHAR NOT NULL,
    protocol          VARCHAR NOT NULL,
    preset            VARCHAR NOT NULL,
    text              VARCHAR NOT NULL,
    seed              BIGINT NOT NULL,
    scheme            VARCHAR NOT NULL,   -- how splits are drawn
    config            VARCHAR NOT NULL,
    auc               DOUBLE,             -- more than two classes: one-vs-rest, macro
    auprc             DOUBLE,
    precision         DOUBLE,             -- macro, like recall and f1
    recall            DOUBLE,
    f1                DOUBLE,
    brier             DOUBLE,
    n_train           INTEGER NOT NULL,
    n_test            INTEGER NOT NULL,
    environment       VARCHAR NOT NULL,   -- environments.hash
    finished_at       TIMESTAMP NOT NULL,
    seconds           STRUCT(             -- wall time by phase, as far as the protocol has it
        load DOUBLE, tokenise DOUBLE, train DOUBLE, eval DOUBLE,
        tune DOUBLE, fit DOUBLE, metrics DOUBLE
    ),
    best_params       JSON NOT NULL,      -- what tuning chose, or {}
    notes             VARCHAR[] NOT NULL,
    split_hash        VARCHAR NOT NULL,
    vectors_hash      VARCHAR NOT NULL,
    predictions_hash  VARCHAR NOT NULL    -- tells a rerun that differs
);

-- Every test gene's score in every split.
CREATE TABLE predictions (
    key      VARCHAR NOT NULL,
    "index"  INTEGER NOT NULL,  -- the gene's place in its task
    gene     VARCHAR NOT NULL,
    label    INTEGER NOT NULL,
    score    DOUBLE,            -- probability of class 1; NULL with more than two classes
    scores   DOUBLE[] NOT NULL  -- probability of each class
);

CREATE TABLE cv_trials (
    key        VARCHAR NOT NULL,
    trial      INTEGER NOT NULL,  -- the cell's place in the tuning grid, from 0
    params     JSON NOT NULL,
    fold_aucs  DOUBLE[] NOT NULL,
    mean_auc   DOUBLE,
    best       BOOLEAN NOT NULL
);

CREATE TABLE epochs (
    key            VARCHAR NOT NULL,
    stage          INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,  -- from 1 within its stage
    loss           DOUBLE,            -- NULL: not a number
    eval_auc       DOUBLE,
    learning_rate  DOUBLE,
    seconds        DOUBLE
);

-- Every attempt that failed; stays when a later attempt succeeds.
CREATE TABLE failures (
    key          VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    task         VARCHAR NOT NULL,
    protocol     VARCHAR NOT NULL,
    preset       VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    scheme       VARCHAR NOT NULL,
    seed         BIGINT NOT NULL,
    attempt      INTEGER NOT NULL,
    sentence     VARCHAR NOT NULL,
    error        VARCHAR NOT NULL,
    traceback    VARCHAR NOT NULL,
    environment  VARCHAR NOT NULL,
    finished_at  TIMESTAMP NOT NULL
);

-- A rerun of a key that gave another number. The first number stays in `scores`.
CREATE TABLE conflicts (
    key               VARCHAR NOT NULL,
    kept_auc          DOUBLE,
    auc               DOUBLE,
    kept_environment  VARCHAR NOT NULL,
    environment       VARCHAR NOT NULL,
    predictions_hash  VARCHAR NOT NULL,
    finished_at       TIMESTAMP NOT NULL
);

-- What others published: the paper's tables, and the authors' own rerun of June 2025, whose ranks
-- are those of its printed three digits. Task 'mean' is the mean over the four tasks.
CREATE TABLE reference_scores (
    source       VARCHAR NOT NULL,  -- paper, rerun-2025-06
    paper_table  INTEGER NOT NULL,
    protocol     VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,  -- the paper's name of it
    task         VARCHAR NOT NULL,
    auc          DOUBLE NOT NULL,
    rank         DOUBLE NOT NULL
);

-- The rows of the view `leaderboard`, written down by the writer whenever scores are added, for the
-- screens that ask every second: at a million scores 3 ms instead of 110.
CREATE TABLE ranked (
    protocol     VARCHAR NOT NULL,
    preset       VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    scheme       VARCHAR NOT NULL,   -- how splits are drawn
    model        VARCHAR NOT NULL,
    task         VARCHAR NOT NULL,
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
    protocol  VARCHAR NOT NULL,
    preset    VARCHAR NOT NULL,
    text      VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    what      VARCHAR NOT NULL,  -- texts, splits, models, protocols
    name      VARCHAR NOT NULL   -- of the task, model or protocol
);

-- The numbered steps of `store/migrations` that this file has behind it.
CREATE TABLE migrations (
    step        INTEGER PRIMARY KEY,
    file        VARCHAR NOT NULL,
    format      INTEGER NOT NULL,   -- of all that is kept, as the version that ran the step had it
    applied_at  TIMESTAMP NOT NULL
);

-- How far each journal has been applied, and how many of its lines were damaged.
CREATE TABLE applied (
    file      VARCHAR PRIMARY KEY,
    "offset"  BIGINT NOT NULL,
    damaged   BIGINT NOT NULL
);

-- ------------------------------------------------------------------------------- views

-- The ranked tables, one for each protocol, preset, text and scheme of splits, with a row for each
-- model and task. The AUC is the mean of the splits' AUCs, rounded to 9 digits so that equal means
-- tie; ranks run from high to low, ties averaged, like R's rank(-mean, ties = "average"). `mean_auc`
-- (the mean of the tasks' means) and `mean_rank` stand only beside models with a score in every task
-- of the table. If a cell was computed in several configurations (a new model revision, an edited
-- task), the newest counts and `configs` tells how many there are. `failed` splits are in no mean.
CREATE VIEW leaderboard AS
WITH outcomes AS (
    SELECT protocol, preset, text, scheme, model, task, config, auc, environment, finished_at FROM scores
    UNION ALL
    SELECT protocol, preset, text, scheme, model, task, config, NULL, NULL, finished_at
    FROM units WHERE state = 'failed'
), configurations AS (
    SELECT
        protocol, preset, text, scheme, model, task, config,
        avg(auc) AS mean, round(stddev_samp(auc), 9) AS sd,
        count(environment) AS n, count(*) - count(environment) AS failed,
        max(finished_at) AS finished_at
    FROM outcomes
    GROUP BY protocol, preset, text, scheme, model, task, config
), newest AS (
    SELECT *, round(mean, 9) AS auc, count(*) OVER cell AS configs
    FROM configurations
    WINDOW cell AS (PARTITION BY protocol, preset, text, scheme, model, task)
    QUALIFY row_number() OVER (cell ORDER BY finished_at DESC, config) = 1
), columns AS (
    SELECT protocol, preset, text, scheme, count(DISTINCT task) AS tasks
    FROM newest
    GROUP BY protocol, preset, text, scheme
), overall AS (
    SELECT protocol, preset, text, scheme, model, round(avg(mean), 9) AS mean_auc
    FROM newest JOIN columns USING (protocol, preset, text, scheme)
    GROUP BY protocol, preset, text, scheme, model, tasks
    HAVING count(mean) = tasks
), ranked_overall AS (
    SELECT *, (rank() OVER downwards + count(*) OVER downwards) / 2.0 AS mean_rank
    FROM overall
    WINDOW downwards AS (PARTITION BY protocol, preset, text, scheme ORDER BY mean_auc DESC)
)
SELECT
    protocol, preset, text, scheme, model, task, auc, sd, n, failed,
    -- rank() is the first place that equal means share, the running count of rows down to them the last
    CASE WHEN auc IS NOT NULL THEN (rank() OVER downwards + count(auc) OVER downwards) / 2.0 END AS rank,
    mean_auc, mean_rank, config, configs, finished_at
FROM newest LEFT JOIN ranked_overall USING (protocol, preset, text, scheme, model)
WINDOW downwards AS (PARTITION BY protocol, preset, text, scheme, task ORDER BY auc DESC NULLS LAST);

-- What is mixed in a ranked table: tasks of several `texts` (genes, labels or descriptions), tasks
-- scored on several `splits` though on as many, `models` and `protocols` of several revisions. A
-- split follows from its task, the table's scheme and its seed.
CREATE VIEW mixtures AS
WITH cells AS (
    SELECT
        protocol, preset, text, scheme, model, task,
        count(*) AS n,
        bit_xor(hash(seed)) AS splits,
        any_value(task_hash) AS task_hash,
        any_value(model_revision) AS model_revision,
        any_value(protocol_revision) AS protocol_revision
    FROM units SEMI JOIN ranked USING (protocol, preset, text, scheme, model, task, config)
    WHERE state = 'scored'
    GROUP BY protocol, preset, text, scheme, model, task
)
SELECT protocol, preset, text, scheme, 'texts' AS what, task AS name
FROM cells GROUP BY ALL HAVING count(DISTINCT task_hash) > 1
UNION ALL
SELECT DISTINCT protocol, preset, text, scheme, 'splits', task
FROM cells GROUP BY protocol, preset, text, scheme, task, n HAVING count(DISTINCT splits) > 1
UNION ALL
SELECT protocol, preset, text, scheme, 'models', model
FROM cells GROUP BY ALL HAVING count(DISTINCT model_revision) > 1
UNION ALL
SELECT protocol, preset, text, scheme, 'protocols', protocol
FROM cells GROUP BY ALL HAVING count(DISTINCT protocol_revision) > 1;

-- Own, paper and rerun under one another, as the published tables are laid out: one row for each
-- task, and one for task 'mean'. Pivot it as you like.
CREATE VIEW leaderboard_long AS
SELECT 'own' AS source, protocol, preset, text, scheme, model, task, auc, sd, n, failed, rank FROM leaderboard
UNION ALL
SELECT DISTINCT 'own', protocol, preset, text, scheme, model, 'mean', mean_auc, NULL, NULL, NULL, mean_rank
FROM leaderboard WHERE mean_auc IS NOT NULL
UNION ALL
SELECT source, protocol, 'paper', '', 'paper', model, task, auc, NULL, 10, 0, rank FROM reference_scores;

-- Own means beside the published ones. The splits cannot be the paper's own, so the yardstick is the
-- standard error of a mean of n test AUCs, at most ten, if they were independent: Hanley and
-- McNeil's for one split at the tables' AUCs is .150 (long vs short range), .066 (dosage), .064
-- (bivalent vs Lys4) and .082 (bivalent vs no methyl). Within 2 of them: match; 3: near; else differs.
CREATE VIEW reproduction AS
WITH yardstick (task, one_split) AS (
    VALUES ('long-vs-short-tf', 0.150), ('dosage-sensitivity', 0.066),
           ('bivalent-vs-lys4', 0.064), ('bivalent-vs-no-methyl', 0.082)
), compared AS (
    SELECT
        own.protocol, own.preset, own.text, own.scheme, own.model, own.task, own.auc, own.n, own.failed,
        paper.auc AS paper_auc, rerun.auc AS rerun_auc,
        own.auc - paper.auc AS delta, own.auc - rerun.auc AS rerun_delta,
        yardstick.one_split / sqrt(least(own.n, 10)) AS standard_error
    FROM leaderboard AS own
    LEFT JOIN models ON models.name = own.model
    JOIN reference_scores AS paper
        ON paper.source = 'paper' AND paper.protocol = own.protocol AND paper.task = own.task
        AND paper.model = coalesce(nullif(models.paper_name, ''), own.model)
    LEFT JOIN reference_scores AS rerun
        ON rerun.source = 'rerun-2025-06' AND rerun.protocol = own.protocol AND rerun.task = own.task
        AND rerun.model = paper.model
    JOIN yardstick ON yardstick.task = own.task
    WHERE own.n > 0
)
SELECT
    *,
    CASE
        WHEN abs(delta) <= 2 * standard_error THEN 'match'
        WHEN abs(delta) <= 3 * standard_error THEN 'near'
        ELSE 'differs'
    END AS verdict
FROM compared;

-- Which parameters tuning chose in how many splits of a cell.
CREATE VIEW best_params AS
SELECT
    protocol, preset, text, scheme, model, task, config, best_params AS params,
    count(*) AS splits, avg(auc) AS mean_auc
FROM scores
WHERE best_params::VARCHAR <> '{}'
GROUP BY protocol, preset, text, scheme, model, task, config, best_params;

-- Every threshold of every split: the points of its ROC and precision-recall curves, from the
-- highest score down, starting at (0, 0) with an infinite threshold. Two classes: class 1 only;
-- more: each class against the rest. Ask for one key at a time.
CREATE VIEW roc_points AS
WITH per_class AS (
    SELECT
        key, label,
        unnest(CASE WHEN len(scores) = 2 THEN [1] ELSE range(len(scores)) END) AS class, scores
    FROM predictions
), steps AS (
    SELECT
        key, class, scores[class + 1] AS threshold,
        count(*) FILTER (label = class) AS positives, count(*) FILTER (label <> class) AS negatives
    FROM per_class
    GROUP BY key, class, threshold
    UNION ALL
    SELECT DISTINCT key, class, 'infinity'::DOUBLE, 0, 0 FROM per_class
), sweep AS (
    SELECT
        key, class, threshold,
        sum(positives) OVER downwards AS tp, sum(negatives) OVER downwards AS fp,
        sum(positives) OVER everything AS p, sum(negatives) OVER everything AS n
    FROM steps
    WINDOW
        everything AS (PARTITION BY key, class),
        downwards AS (PARTITION BY key, class ORDER BY threshold DESC)
)
SELECT
    key, class, threshold, fp / n AS fpr, tp / p AS tpr, CASE WHEN tp + fp > 0 THEN tp / (tp + fp) END AS precision
FROM sweep
ORDER BY key, class, threshold DESC;
