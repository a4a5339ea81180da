-- The `revision` of a model, here and in `units` and `measurements`, is the SHA-256 of the files that its
-- vectors depend on. In rows that were made before this step it is the model's commit or version.
ALTER TABLE models ADD COLUMN version VARCHAR;         -- commit on the Hub, version of the package, or ''
ALTER TABLE environments ADD COLUMN kernels VARCHAR;   -- AVX512 ..., by which numbers round; NULL: not told
