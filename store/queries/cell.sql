-- Every split of one cell of the ranked table, failed ones with their last sentence.
-- Of the row of a control that is drawn several times it has the splits of all draws.
-- $model, $task, $protocol, $preset, $text, $scheme.
SELECT
    units.model, units.seed, units.key, units.state,
    score AS auc, auprc, precision, recall, f1, brier, n_train, n_test,
    seconds, best_params, environment, coalesce(notes, []) AS notes, units.finished_at,
    (SELECT arg_max(sentence, failures.finished_at) FROM failures
     WHERE failures.key = units.key AND units.state = 'failed') AS sentence
FROM units
SEMI JOIN ranked USING (model, task, protocol, preset, text, scheme, config)
LEFT JOIN (
    SELECT
        * EXCLUDE (model, control, task, protocol, preset, text, scheme, seed, config, auc, finished_at),
        auc AS score
    FROM scores
) USING (key)
WHERE (model = $model OR control AND regexp_replace(model, '-\d+$', '') = $model) AND task = $task
    AND protocol = $protocol AND preset = $preset AND text = $text AND scheme = $scheme
ORDER BY units.seed, model
