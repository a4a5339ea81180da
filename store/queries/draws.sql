-- The cells of controls that are drawn several times, one row NAME for the draws NAME-1, NAME-2 and so on: AUCs
-- are averaged over the draws of a split first. A split in which a draw failed counts as failed.
-- $task_set, $protocol, $preset, $text, $scheme.
WITH cells AS (
    SELECT model, task, config
    FROM ranked
    WHERE control AND regexp_matches(model, '-\d+$')
        AND task_set = $task_set AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
), splits AS (
    SELECT
        regexp_replace(model, '-\d+$', '') AS model, task, seed,
        avg(auc) AS auc, bool_or(state = 'failed') AS failed
    FROM units
    SEMI JOIN cells USING (model, task, config)
    LEFT JOIN (SELECT key, auc FROM scores) USING (key)
    WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    GROUP BY ALL
), tasks AS (
    SELECT
        model, task, avg(auc) FILTER (NOT failed) AS mean,
        round(stddev_samp(auc) FILTER (NOT failed), 9) AS sd,
        count(*) FILTER (NOT failed) AS n, count(*) FILTER (failed) AS failed
    FROM splits
    GROUP BY model, task
), width AS (
    SELECT
        coalesce(
            (SELECT len(tasks) FROM task_sets WHERE task_set = $task_set),
            (
                SELECT coalesce(nullif(count(DISTINCT task) FILTER (NOT control), 0), count(DISTINCT task))
                FROM ranked
                WHERE task_set = $task_set
                    AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
            )
        ) AS tasks
)
SELECT
    model, task, round(mean, 9) AS auc, sd, NULL AS rank, n, failed,
    CASE WHEN count(mean) OVER row = any_value(width.tasks) OVER row THEN round(avg(mean) OVER row, 9) END AS mean_auc,
    NULL AS mean_rank
FROM tasks, width
WINDOW row AS (PARTITION BY model)
