-- +goose NO TRANSACTION
-- +goose Up

-- Operations and programmes as they stand. Which records, searches and traces
-- count for one is found when it is read: by their tag, their sender and their
-- date.
CREATE TABLE IF NOT EXISTS operations
(
    operation_id String,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    kind         String,
    programme    String,
    name         String,
    lead         String,
    members      Array(String),
    runs_from    String,
    runs_until   String,
    first_day    Date32,
    last_day     Nullable(Date32),
    submitted_by String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY operation_id;

CREATE TABLE IF NOT EXISTS operation_status
(
    operation_id String,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    status       String,
    reason       String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY operation_id;
