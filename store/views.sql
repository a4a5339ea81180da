-- The views of arena.duckdb, replaced whole whenever its schema changes.

-- The sets of tasks that ranked tables are of, with their tasks in order: the paper's, the other task that
-- comes with the program, and those that users named. Every task that is in none of them is in the set `own`.
CREATE OR REPLACE VIEW task_sets AS
SELECT
    'paper' AS task_set,
    ['long-vs-short-tf', 'dosage-sensitivity', 'bivalent-vs-lys4', 'bivalent-vs-no-methyl'] AS tasks
UNION ALL
SELECT 'essentiality', ['essential']
WHERE NOT EXISTS (FROM named_sets WHERE name = 'essentiality' AND len(tasks) > 0)
UNION ALL
SELECT name, tasks FROM named_sets WHERE len(tasks) > 0;

-- The ranked tables, one for each set of tasks, protocol, preset, text and scheme of splits, with a row for
-- each model and task. The AUC is the mean of the splits' AUCs, rounded to 9 digits so that equal means
-- tie; ranks run from high to low, ties averaged, like R's rank(-mean, ties = "average"). `mean_auc`
-- (the mean of the tasks' means) and `mean_rank` stand only beside models with a score in every task
-- of the set; of `own`, in every task of the table. Controls have no ranks and count in none. If a cell was computed in several configurations (a
-- new model revision, an edited task), the one that the last run resolved to counts, and `configs` says
-- how many there are. `failed` splits are in no mean. A task in several sets has a row in each.
CREATE OR REPLACE VIEW leaderboard AS
WITH outcomes AS (
    SELECT protocol, preset, text, scheme, model, control, task, config, auc, environment, finished_at
    FROM scores
    UNION ALL
    SELECT protocol, preset, text, scheme, model, control, task, config, NULL, NULL, finished_at
    FROM units WHERE state = 'failed'
), configurations AS (
    SELECT
        protocol, preset, text, scheme, model, control, task, config,
        avg(auc) AS mean, round(stddev_samp(auc), 9) AS sd,
        count(environment) AS n, count(*) - count(environment) AS failed,
        max(finished_at) AS finished_at
    FROM outcomes
    GROUP BY protocol, preset, text, scheme, model, control, task, config
), newest AS (
    SELECT *, round(mean, 9) AS auc, count(*) OVER cell AS configs
    FROM configurations LEFT JOIN current USING (config)
    WINDOW cell AS (PARTITION BY protocol, preset, text, scheme, model, task)
    QUALIFY row_number() OVER (cell ORDER BY turn DESC NULLS LAST, finished_at DESC, config) = 1
), members AS (
    SELECT coalesce(placed.task_set, 'own') AS task_set, newest.*
    FROM newest LEFT JOIN (SELECT task_set, unnest(tasks) AS task FROM task_sets) AS placed USING (task)
), columns AS (
    SELECT
        task_set, protocol, preset, text, scheme,
        coalesce(
            any_value(len(task_sets.tasks)),
            nullif(count(DISTINCT task) FILTER (NOT control), 0),
            count(DISTINCT task)
        ) AS tasks
    FROM members LEFT JOIN task_sets USING (task_set)
    GROUP BY task_set, protocol, preset, text, scheme
), overall AS (
    SELECT task_set, protocol, preset, text, scheme, model, control, round(avg(mean), 9) AS mean_auc
    FROM members JOIN columns USING (task_set, protocol, preset, text, scheme)
    GROUP BY task_set, protocol, preset, text, scheme, model, control, tasks
    HAVING count(mean) = tasks
), ranked_overall AS (
    SELECT
        * EXCLUDE (control),
        CASE WHEN NOT control AND count(*) OVER everyone > 1
            THEN (rank() OVER downwards + count(*) OVER downwards) / 2.0 END AS mean_rank
    FROM overall
    WINDOW
        everyone AS (PARTITION BY task_set, protocol, preset, text, scheme, control),
        downwards AS (PARTITION BY task_set, protocol, preset, text, scheme, control ORDER BY mean_auc DESC)
)
SELECT
    task_set, protocol, preset, text, scheme, model, task, auc, sd, n, failed,
    -- rank() is the first place that equal means share, the running count of rows down to them the last;
    -- a single model has none
    CASE WHEN NOT control AND auc IS NOT NULL AND count(auc) OVER everyone > 1
        THEN (rank() OVER downwards + count(auc) OVER downwards) / 2.0 END AS rank,
    mean_auc, mean_rank, config, configs, finished_at, control
FROM members LEFT JOIN ranked_overall USING (task_set, protocol, preset, text, scheme, model)
WINDOW
    everyone AS (PARTITION BY task_set, protocol, preset, text, scheme, control, task),
    downwards AS (
        PARTITION BY task_set, protocol, preset, text, scheme, control, task ORDER BY auc DESC NULLS LAST
    );

-- What is mixed in a ranked table, controls aside: tasks of several `texts` (genes, labels or descriptions),
-- tasks scored on several `splits` though on as many, `models` and `protocols` of several revisions, and
-- `families` of several sources that were kept on one side of splits. A split follows from its task, the
-- table's scheme, its seed and these families.
CREATE OR REPLACE VIEW mixtures AS
WITH cells AS (
    SELECT
        task_set, protocol, preset, text, scheme, model, task,
        count(*) AS n,
        bit_xor(hash(seed)) AS splits,
        any_value(task_hash) AS task_hash,
        any_value(model_revision) AS model_revision,
        any_value(protocol_revision) AS protocol_revision,
        any_value(spec ->> '$.split.families') AS families
    FROM units
    JOIN (SELECT task_set, protocol, preset, text, scheme, model, task, config FROM ranked WHERE NOT control) AS cell
        USING (protocol, preset, text, scheme, model, task, config)
    WHERE state = 'scored'
    GROUP BY task_set, protocol, preset, text, scheme, model, task
)
SELECT task_set, protocol, preset, text, scheme, 'texts' AS what, task AS name
FROM cells GROUP BY ALL HAVING count(DISTINCT task_hash) > 1
UNION ALL
SELECT DISTINCT task_set, protocol, preset, text, scheme, 'splits', task
FROM cells GROUP BY task_set, protocol, preset, text, scheme, task, n HAVING count(DISTINCT splits) > 1
UNION ALL
SELECT task_set, protocol, preset, text, scheme, 'models', model
FROM cells GROUP BY ALL HAVING count(DISTINCT model_revision) > 1
UNION ALL
SELECT task_set, protocol, preset, text, scheme, 'protocols', protocol
FROM cells GROUP BY ALL HAVING count(DISTINCT protocol_revision) > 1
UNION ALL
SELECT DISTINCT task_set, protocol, preset, text, scheme, 'families', families
FROM cells
SEMI JOIN (
    SELECT task_set, protocol, preset, text, scheme FROM cells GROUP BY ALL HAVING count(DISTINCT families) > 1
) USING (task_set, protocol, preset, text, scheme);

-- Own, paper and rerun under one another, as the published tables are laid out: one row for each
-- task, and one for task 'mean'. Pivot it as you like, one `task_set` at a time.
CREATE OR REPLACE VIEW leaderboard_long AS
SELECT
    'own' AS source, task_set, protocol, preset, text, scheme, model, task, auc, sd, n, failed, rank, control
FROM leaderboard
UNION ALL
SELECT DISTINCT
    'own', task_set, protocol, preset, text, scheme, model, 'mean', mean_auc, NULL, NULL, NULL, mean_rank, control
FROM leaderboard WHERE mean_auc IS NOT NULL
UNION ALL
SELECT source, 'paper', protocol, 'paper', '', 'paper', model, task, auc, NULL, 10, 0, rank, FALSE
FROM reference_scores;

-- What the scores of a ranked table can tell, in each of its tasks and in the mean over all ('mean'). A row is
-- here only while it is of today's scores: after a change the next flush, run or `genearena repair` brings it.
-- Intervals are of 95 %, from the larger of two standard errors: of genes, and of splits. Controls have
-- some, too; beside fine-tuned models stand those that were scored with `lr`.
CREATE OR REPLACE VIEW intervals AS
SELECT kept.* FROM kept_intervals AS kept
SEMI JOIN (SELECT * FROM kept_verdicts SEMI JOIN table_digests USING (task_set, protocol, preset, text, scheme, digest))
    USING (task_set, protocol, preset, text, scheme);

-- Every two models of a ranked table, whatever others there are: the word needs a probability of .95. Of tables
-- of very many models there are none.
CREATE OR REPLACE VIEW contrasts AS
SELECT kept.* FROM kept_contrasts AS kept
SEMI JOIN (SELECT * FROM kept_verdicts SEMI JOIN table_digests USING (task_set, protocol, preset, text, scheme, digest))
    USING (task_set, protocol, preset, text, scheme);

-- The places that each model of a ranked table may have among the others: all hold together with 95 %. Instead
-- of a rank, which says more than the splits can tell.
CREATE OR REPLACE VIEW rank_intervals AS
SELECT kept.* FROM kept_rank_intervals AS kept
SEMI JOIN (SELECT * FROM kept_verdicts SEMI JOIN table_digests USING (task_set, protocol, preset, text, scheme, digest))
    USING (task_set, protocol, preset, text, scheme);

-- Whether each contestant of a ranked table beats the control TF-IDF: the intervals of all contestants hold
-- together with 95 % (in the way of Dunnett 1955); `same for practical purposes` is within .02, and what is not
-- shown is not thereby equal. Fine-tuned models are judged beside TF-IDF with `lr`.
CREATE OR REPLACE VIEW beats_tfidf AS
SELECT kept.* FROM kept_beats AS kept
SEMI JOIN (SELECT * FROM kept_verdicts SEMI JOIN table_digests USING (task_set, protocol, preset, text, scheme, digest))
    USING (task_set, protocol, preset, text, scheme);

-- Own means beside the published ones: same, differs, or cannot tell. Both are means over random splits of
-- the same genes, so the error of the difference is s * sqrt(1/n + 1/10), with the own standard deviation s
-- for both, and Student's t with n + 8 degrees of freedom gives the tolerance: 95 % of differences by the
-- luck of the splits lie within. Fewer than five own splits, no spread, and a tolerance that an AUC of .5
-- would pass as well, cannot tell. Task 'mean' is that of the four. `unlike` is what differs beside the model.
-- The quantile is Fisher's expansion, right to four digits from 13 degrees of freedom on.
CREATE OR REPLACE VIEW reproduction AS
WITH own AS (
    SELECT
        leaderboard.*, coalesce(nullif(models.paper_name, ''), model) AS paper_model,
        sd * sd * (1.0 / n + 1.0 / 10) AS variance
    FROM leaderboard LEFT JOIN models ON models.name = model
    WHERE task_set = 'paper' AND scheme = 'paper' AND n > 0 AND NOT control
), rows AS (
    SELECT
        protocol, preset, text, model, paper_model, task, auc, sd, n, failed,
        sqrt(variance) AS standard_error
    FROM own
    UNION ALL
    SELECT
        protocol, preset, text, model, any_value(paper_model), 'mean', any_value(mean_auc), NULL, min(n),
        sum(failed), CASE WHEN count(variance) = 4 THEN sqrt(sum(variance)) / 4 END
    FROM own
    WHERE mean_auc IS NOT NULL
    GROUP BY protocol, preset, text, model
), compared AS (
    SELECT
        rows.* EXCLUDE (paper_model),
        paper.auc AS paper_auc, rerun.auc AS rerun_auc,
        rows.auc - paper.auc AS delta, rows.auc - rerun.auc AS rerun_delta,
        standard_error * (1.959964 + 2.372271 / (n + 8) + 2.822499 / (n + 8) ** 2 + 2.555850 / (n + 8) ** 3)
            AS tolerance
    FROM rows
    JOIN reference_scores AS paper
        ON paper.source = 'paper' AND paper.protocol = rows.protocol AND paper.task = rows.task
        AND paper.model = paper_model
    LEFT JOIN reference_scores AS rerun
        ON rerun.source = 'rerun-2025-06' AND rerun.protocol = rows.protocol AND rerun.task = rows.task
        AND rerun.model = paper_model
)
SELECT
    *,
    CASE
        WHEN n < 5 OR standard_error IS NULL THEN 'cannot tell'
        WHEN standard_error = 0 THEN CASE WHEN abs(delta) <= 0.0005 THEN 'same' ELSE 'cannot tell' END
        WHEN abs(delta) > tolerance THEN 'differs'
        WHEN abs(paper_auc - 0.5) <= tolerance THEN 'cannot tell'
        ELSE 'same'
    END AS verdict,
    concat_ws(
        ', ', 'splits', CASE WHEN text NOT LIKE 'summary%' THEN 'text' END,
        CASE WHEN preset <> 'paper' THEN 'preset' END
    ) AS unlike
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
