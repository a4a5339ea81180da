-- The configurations that runs resolved their models and tasks to. Where a cell has several, the one of
-- the highest turn is today's: turns count runs, and no clock has a say in them.
CREATE TABLE current (
    config  VARCHAR PRIMARY KEY,  -- units.config
    turn    BIGINT NOT NULL
);

-- Journal lines that are whole and yet not in the tables: of a kind that only a newer version knows, or
-- with a value that no table can hold. They are tried again after an update.
CREATE TABLE refused (
    file     VARCHAR NOT NULL,
    "start"  BIGINT NOT NULL,   -- byte offset of the line
    "end"    BIGINT NOT NULL,   -- just after it
    kind     VARCHAR NOT NULL,
    key      VARCHAR NOT NULL,
    reason   VARCHAR NOT NULL,
    newer    BOOLEAN NOT NULL,  -- of a kind that this version does not know
    version  VARCHAR NOT NULL   -- of genearena, that refused it
);
