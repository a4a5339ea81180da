-- Seconds that one unit took on average, by protocol, model and task.
SELECT
    protocol, model, task,
    avg(list_sum([
        coalesce(seconds['load'], 0), coalesce(seconds['tokenise'], 0), coalesce(seconds['train'], 0),
        coalesce(seconds['eval'], 0), coalesce(seconds['tune'], 0), coalesce(seconds['fit'], 0),
        coalesce(seconds['metrics'], 0)
    ])) AS seconds
FROM scores
GROUP BY ALL
ORDER BY ALL
