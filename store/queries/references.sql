-- The published cells of one protocol, the paper's first. $protocol.
SELECT source, model, task, auc, rank
FROM reference_scores
WHERE protocol = $protocol
ORDER BY source, model
