-- What the splits of a ranked table are drawn from, a row for each list of genes and each way to keep families
-- together, with the models of it. $task_set, $protocol, $preset, $text, $scheme.
WITH drawn AS (
    SELECT list(DISTINCT model ORDER BY model) AS models, task, task_hash, spec ->> '$.split.families' AS families
    FROM units
    SEMI JOIN (
        SELECT * FROM ranked
        WHERE task_set = $task_set AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
    ) USING (protocol, preset, text, scheme, model, task, config)
    GROUP BY task, task_hash, families
), lists AS (
    SELECT task_hash, list(gene ORDER BY "index") AS genes, list(label ORDER BY "index") AS labels
    FROM task_genes SEMI JOIN drawn USING (task_hash)
    GROUP BY task_hash
)
SELECT task, models, genes, labels, families
FROM drawn JOIN lists USING (task_hash)
ORDER BY task, models
