-- What there is to rank, of each protocol the paper's way first.
SELECT protocol, preset, text, scheme, sum(n + failed)::BIGINT AS units
FROM ranked
GROUP BY protocol, preset, text, scheme
ORDER BY
    protocol, scheme <> 'paper', scheme, preset <> 'paper', preset, text <> 'facts', text
