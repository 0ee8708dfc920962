-- +goose NO TRANSACTION
-- +goose Up

-- International trace requests. What an addressee does is a row of its own: how
-- the trace stands with it follows from them, and so does how long it took.
CREATE TABLE IF NOT EXISTS traces
(
    trace_id               UUID,
    seq                    UInt64,
    at                     DateTime64(3, 'UTC'),
    organisation           String,
    on_behalf_of           String,
    actor                  String,
    record_id              UUID,
    urgency                String,
    illicit_basis          Array(String),
    intended_use           String,
    domestic_check         String,
    forwarding             String,
    type                   String,
    make                   String,
    model                  String,
    calibre                String,
    country_of_manufacture String,
    marks                  Array(Tuple(kind String, place String, status String, text String, series String, country String, year String, id UInt64)),
    mark_id                UInt64,
    mark_status            String,
    mark_millibits         UInt32,
    incident_date          String,
    incident_min           Nullable(Date32),
    incident_max           Nullable(Date32),
    incident_country       String,
    place                  String,
    case_number            String,
    circumstance           String,
    operation              String,
    truncated              Bool,
    policy                 String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY trace_id;

CREATE TABLE IF NOT EXISTS trace_status
(
    trace_id          UUID,
    seq               UInt64,
    at                DateTime64(3, 'UTC'),
    status            String,
    diversion_country String,
    diversion_date    String,
    diversion_min     Nullable(Date32),
    diversion_max     Nullable(Date32),
    diversion_kind    String,
    sale_country      String,
    sale_date         String,
    sale_min          Nullable(Date32),
    sale_max          Nullable(Date32)
)
ENGINE = ReplacingMergeTree(seq) ORDER BY trace_id;

CREATE TABLE IF NOT EXISTS trace_addressees
(
    trace_id     UUID,
    organisation String,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    status       String,
    answer_by    Nullable(Date32),
    late         Bool,
    case_number  String,
    failure      String,
    refusal      String,
    use          Array(String),
    steps        UInt16
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (trace_id, organisation, seq);

CREATE TABLE IF NOT EXISTS trace_steps
(
    trace_id     UUID,
    seq          UInt64,
    ordinal      UInt16,
    at           DateTime64(3, 'UTC'),
    organisation String,
    status       String,
    kind         String,
    date         String,
    date_min     Nullable(Date32),
    date_max     Nullable(Date32),
    country      String,
    to_country   String,
    holder       String,
    licence_held Bool
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (trace_id, seq, ordinal);

CREATE TABLE IF NOT EXISTS trace_comments
(
    trace_id     UUID,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    organisation String,
    code         String,
    until        Nullable(Date32),
    addressees   Array(String),
    because      String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (trace_id, seq);

-- No way down: a generation is made anew from the journal, never taken back.
