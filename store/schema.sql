-- The tables of arena.duckdb: with the views of views.sql a public interface, safe to query with any tool.
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
    kind          VARCHAR NOT NULL,      -- huggingface, package, static, folder, vectors, endpoint, control
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
-- screens that ask every second: at a million scores 3 ms instead of 110. A later step made it anew, with
-- a column `task_set`.
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

-- The rows of the view `mixtures`, written down like `ranked`, and made anew like it.
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
