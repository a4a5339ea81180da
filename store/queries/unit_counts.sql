-- Units that have ended, by protocol, preset, text and state.
SELECT
    protocol, preset, text,
    count(*) FILTER (state = 'scored') AS scored, count(*) FILTER (state = 'failed') AS failed
FROM units
GROUP BY protocol, preset, text
ORDER BY protocol, preset, text
