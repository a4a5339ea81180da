-- Of each model, device and precision the measurement over the most texts, the latest of equals.
SELECT
    m.model, m.revision, m.precision, coalesce(e.device, '') AS device, coalesce(e.cpu, '') AS cpu,
    m.texts, m.ms_per_text, m.parameters, m.bytes_fp32, m.bytes_fp16, m.peak_memory, m.measured_at
FROM measurements AS m LEFT JOIN environments AS e ON e.hash = m.environment
QUALIFY row_number() OVER (
    PARTITION BY m.model, m.revision, m.precision, device, cpu ORDER BY m.texts DESC, m.measured_at DESC
) = 1
ORDER BY m.model, device, m.precision, m.measured_at
