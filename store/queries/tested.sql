-- The test scores behind one ranked table, a row for each split: of a cell's shown configuration only.
-- `labels` names the list of genes and labels that splits are drawn from, and the gene families that they keep
-- together, if any, so that the same seed of the same list is the same split. $task_set, $protocol, $preset, $text, $scheme.
WITH cells AS (
    SELECT model, task, config
    FROM ranked
    WHERE task_set = $task_set AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
), outcomes AS (
    SELECT key, model, task, seed, task_hash, spec ->> '$.split.families' AS families, control
    FROM units SEMI JOIN cells USING (model, task, config)
    WHERE protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
), lists AS (
    SELECT task_hash, md5(string_agg(gene || chr(31) || label, chr(30) ORDER BY "index")) AS labels
    FROM task_genes SEMI JOIN outcomes USING (task_hash)
    GROUP BY task_hash
), tests AS (
    SELECT
        key, list(gene ORDER BY "index") AS genes, list(label ORDER BY "index") AS classes,
        CASE WHEN count(score) = count(*) THEN list(score ORDER BY "index") END AS score,
        CASE WHEN count(score) < count(*) THEN list(scores ORDER BY "index") END AS scores
    FROM predictions SEMI JOIN outcomes USING (key)
    GROUP BY key
)
SELECT
    model, task, seed, concat_ws(' ', coalesce(labels, task_hash), families) AS labels, n_train, n_test, genes, classes,
    score, scores, control
FROM outcomes
LEFT JOIN (SELECT key, n_train, n_test FROM scores) USING (key)
LEFT JOIN tests USING (key)
LEFT JOIN lists USING (task_hash)
ORDER BY model, task, seed
