-- Minutes of wall time for each fine-tuned cell, by phase, scaled to ten splits as the paper's Table 7.
SELECT
    protocol, preset, text, scheme, model, task,
    count(*) AS splits,
    10 * avg(total) / 60 AS minutes,
    10 * avg(load) / 60 AS load,
    10 * avg(tokenise) / 60 AS tokenise,
    10 * avg(train) / 60 AS train,
    10 * avg(eval) / 60 AS eval
FROM (
    SELECT
        *,
        coalesce(seconds['load'], 0) AS load,
        coalesce(seconds['tokenise'], 0) AS tokenise,
        coalesce(seconds['train'], 0) AS train,
        coalesce(seconds['eval'], 0) AS eval,
        load + tokenise + train + eval AS total
    FROM scores
    WHERE seconds['train'] IS NOT NULL
)
GROUP BY ALL
ORDER BY ALL
