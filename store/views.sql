-- The views of arena.duckdb, replaced whole whenever its schema changes.

-- The ranked tables, one for each protocol, preset, text and scheme of splits, with a row for each
-- model and task. The AUC is the mean of the splits' AUCs, rounded to 9 digits so that equal means
-- tie; ranks run from high to low, ties averaged, like R's rank(-mean, ties = "average"). `mean_auc`
-- (the mean of the tasks' means) and `mean_rank` stand only beside models with a score in every task
-- of the table. If a cell was computed in several configurations (a new model revision, an edited
-- task), the one that the last run resolved to counts, and `configs` says how many there are. `failed` splits are in no mean.
CREATE OR REPLACE VIEW leaderboard AS
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
    FROM configurations LEFT JOIN current USING (config)
    WINDOW cell AS (PARTITION BY protocol, preset, text, scheme, model, task)
    QUALIFY row_number() OVER (cell ORDER BY turn DESC NULLS LAST, finished_at DESC, config) = 1
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
CREATE OR REPLACE VIEW mixtures AS
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
CREATE OR REPLACE VIEW leaderboard_long AS
SELECT 'own' AS source, protocol, preset, text, scheme, model, task, auc, sd, n, failed, rank FROM leaderboard
UNION ALL
SELECT DISTINCT 'own', protocol, preset, text, scheme, model, 'mean', mean_auc, NULL, NULL, NULL, mean_rank
FROM leaderboard WHERE mean_auc IS NOT NULL
UNION ALL
SELECT source, protocol, 'paper', '', 'paper', model, task, auc, NULL, 10, 0, rank FROM reference_scores;

-- Own means, of splits drawn as the paper's, beside the published ones. They cannot be its own, so the yardstick is the
-- standard error of a mean of n test AUCs, at most ten, if they were independent: Hanley and
-- McNeil's for one split at the tables' AUCs is .150 (long vs short range), .066 (dosage), .064
-- (bivalent vs Lys4) and .082 (bivalent vs no methyl). Within 2 of them: match; 3: near; else differs.
CREATE OR REPLACE VIEW reproduction AS
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
    WHERE own.n > 0 AND own.scheme = 'paper'
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
CREATE OR REPLACE VIEW best_params AS
SELECT
    protocol, preset, text, scheme, model, task, config, best_params AS params,
    count(*) AS splits, avg(auc) AS mean_auc
FROM scores
WHERE best_params::VARCHAR <> '{}'
GROUP BY protocol, preset, text, scheme, model, task, config, best_params;

-- Every threshold of every split: the points of its ROC and precision-recall curves, from the
-- highest score down, starting at (0, 0) with an infinite threshold. Two classes: class 1 only;
-- more: each class against the rest. Ask for one key at a time.
CREATE OR REPLACE VIEW roc_points AS
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
