-- What users brought in and removed, each as the journals last say; a merge does not bring it back. Removals of
-- before there was this table are in it once `genearena repair` has rebuilt the database.
CREATE TABLE removals (
    kind     VARCHAR NOT NULL,     -- task, vectors, descriptions, model
    name     VARCHAR NOT NULL,     -- what it was called
    digest   VARCHAR PRIMARY KEY,  -- SHA-256 of its content; of a model, of its table in config.toml
    removed  BOOLEAN NOT NULL,     -- false: it was brought in again
    turn     BIGINT NOT NULL,      -- of several for one content the highest counts, and no clock has a say in it
    "at"     TIMESTAMP NOT NULL
);
