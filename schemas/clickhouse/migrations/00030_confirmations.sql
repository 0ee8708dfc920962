-- No way down: a generation is made anew from the journal, never taken back.
-- +goose NO TRANSACTION
-- +goose Up

-- Every move of a confirmation: a request, an answer, a deadline that passed.
CREATE TABLE IF NOT EXISTS confirmations
(
    match_id    UUID,
    seq         UInt64,
    at          DateTime64(3, 'UTC'),
    status      String,
    requested   UInt64,
    asking      String,
    asked       String,
    side        String,
    urgency     String,
    due_at      Nullable(DateTime64(3, 'UTC')),
    compared    Array(String),
    case_number String,
    answer      String,
    action      String,
    located     UUID,
    located_by  String,
    located_for String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (match_id, seq);
