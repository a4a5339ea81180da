-- Drop what was worked out for tables that have no controls of their own and may have borrowed those of one arm.
-- $protocol, $preset, $text, $scheme.
DELETE FROM kept_verdicts
WHERE text = $text AND scheme = $scheme AND protocol <> $protocol
    AND split_part(preset, ' ', 1) = split_part($preset, ' ', 1)
    AND protocol NOT IN (SELECT protocol FROM units WHERE control)
    AND ($protocol IN (SELECT protocol FROM units WHERE control) OR protocol IN (SELECT protocol FROM kept_beats))
