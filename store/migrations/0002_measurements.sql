-- What a model cost when it embedded texts: one row for each time it really ran.
CREATE TABLE measurements (
    model        VARCHAR NOT NULL,
    revision     VARCHAR NOT NULL,   -- pinned commit, version or SHA-256
    "precision"  VARCHAR NOT NULL,   -- fp32, bf16
    environment  VARCHAR NOT NULL,   -- environments.hash, which tells device, host and versions
    measured_at  TIMESTAMP NOT NULL,
    texts        BIGINT NOT NULL,    -- that were embedded; those found in the cache do not count
    seconds      DOUBLE NOT NULL,    -- wall time of embedding them, loading not included
    ms_per_text  DOUBLE,
    parameters   BIGINT,             -- that were loaded; NULL: the model is elsewhere
    bytes_fp32   BIGINT,             -- the weights at four bytes each
    bytes_fp16   BIGINT,             -- the weights at two bytes each
    peak_memory  BIGINT              -- bytes: of tensors on a GPU, of the whole process on a CPU
);
