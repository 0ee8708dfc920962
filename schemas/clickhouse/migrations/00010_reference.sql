-- +goose NO TRANSACTION
-- +goose Up

-- The firearms reference table as it stands: each entry's last full state.
CREATE TABLE IF NOT EXISTS reference
(
    reference_id String,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    kind         String,
    name         String,
    country      String,
    make         String,
    type         String,
    calibres     Array(String),
    aliases      Array(String),
    codes        Map(String, String),
    related      Array(String),
    serial_forms Array(Tuple(pattern String, from String, until String, dated Bool)),
    submitted_by String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY reference_id;
