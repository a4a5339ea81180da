-- What there is to rank, the protocols of the paper's tables first.
SELECT protocol, preset, text, scheme, sum(n + failed)::BIGINT AS units
FROM ranked
GROUP BY protocol, preset, text, scheme
ORDER BY
    (SELECT min(paper_table) FROM reference_scores WHERE reference_scores.protocol = ranked.protocol) NULLS LAST,
    protocol, scheme <> 'paper', scheme, preset <> 'paper', preset, text <> 'facts', text
