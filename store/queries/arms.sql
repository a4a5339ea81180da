-- What there is to rank, the paper's protocols first.
SELECT protocol, preset, text, sum(n + failed)::BIGINT AS units
FROM ranked
GROUP BY protocol, preset, text
ORDER BY
    coalesce(list_position(['lr', 'rf', 'lr-cv', 'rf-cv', 'finetune'], protocol), 99),
    protocol, preset <> 'paper', preset, text <> 'facts', text
