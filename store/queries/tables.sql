-- What there is to rank, of each set of tasks and protocol the paper's way first.
SELECT protocol, preset, text, scheme, task_set, sum(n + failed)::BIGINT AS units
FROM ranked
GROUP BY protocol, preset, text, scheme, task_set
ORDER BY
    protocol, scheme <> 'paper', scheme, preset <> 'paper', preset, text <> 'facts', text, task_set
