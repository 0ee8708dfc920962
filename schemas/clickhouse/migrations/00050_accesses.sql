-- +goose NO TRANSACTION
-- +goose Up

-- Who was shown what in full: one row a look. The request's id is part of the
-- key, so that a look whose append was stored twice is one row.
CREATE TABLE IF NOT EXISTS accesses
(
    id           UUID,
    request      UUID,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    organisation String,
    actor        String,
    acting_for   String,
    what         String,
    parties      Array(String),
    purpose      String,
    shown        UInt64
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (id, request);

-- No way down: a generation is made anew from the journal, never taken back.
