-- +goose NO TRANSACTION
-- +goose Up

-- Every table holds absolute rows, each a pure function of one journal entry,
-- and keeps of equal keys the row with the highest seq: whatever is inserted
-- twice, late or by a worker that was replaced changes nothing. Key columns
-- stand first. What a later entry says of an earlier thing is a row of a
-- narrow table beside it, joined when read.

CREATE TABLE IF NOT EXISTS records
(
    record_id              UUID,
    revision               UInt32,
    seq                    UInt64,
    at                     DateTime64(3, 'UTC'),
    owner                  String,
    source_system          String,
    source_id              String,
    category               String,
    illicit_basis          Array(String),
    type                   String,
    action                 String,
    make                   String,
    make_code              String,
    model                  String,
    calibre                String,
    calibre_code           String,
    country_of_manufacture String,
    manufactured           String,
    made_year_min          Nullable(Int16),
    made_year_max          Nullable(Int16),
    features               Array(String),
    barrel_length_mm       UInt32,
    reference_id           String,
    marks                  Array(Tuple(kind String, place String, status String, text String, series String, country String, year String, id UInt64)),
    mark_id                UInt64,
    mark_status            String,
    mark_millibits         UInt32,
    incident_date          String,
    incident_min           Nullable(Date32),
    incident_max           Nullable(Date32),
    incident_country       String,
    subdivision            String,
    place                  String,
    locode                 String,
    case_number            String,
    circumstance           String,
    operation              String,
    channel                String,
    hs_code                String,
    route                  Array(Tuple(country String, role String)),
    origin_status          String,
    diversion_country      String,
    diversion_date         String,
    diversion_min          Nullable(Date32),
    diversion_max          Nullable(Date32),
    diversion_kind         String,
    deny                   Array(String),
    handling               String,
    retain                 String,
    retain_until           Date32
)
ENGINE = ReplacingMergeTree(seq) ORDER BY record_id;

-- The same columns; every revision stays.
CREATE TABLE IF NOT EXISTS record_history AS records
ENGINE = ReplacingMergeTree(seq) ORDER BY (record_id, revision);

-- What became of a record after its last revision.
CREATE TABLE IF NOT EXISTS record_status
(
    record_id   UUID,
    seq         UInt64,
    at          DateTime64(3, 'UTC'),
    revision    UInt32,
    owner       String,
    status      String,
    reason      String,
    replaced_by UUID
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (record_id, seq);

CREATE TABLE IF NOT EXISTS searches
(
    search_id              UUID,
    seq                    UInt64,
    at                     DateTime64(3, 'UTC'),
    organisation           String,
    on_behalf_of           String,
    actor                  String,
    purpose                String,
    context                String,
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
    stands_until           Nullable(Date32),
    truncated              Bool,
    policy                 String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY search_id;

CREATE TABLE IF NOT EXISTS search_status
(
    search_id UUID,
    seq       UInt64,
    at        DateTime64(3, 'UTC'),
    status    String,
    reason    String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY search_id;

-- Matches and candidates: kind says which it is now.
CREATE TABLE IF NOT EXISTS matches
(
    match_id       UUID,
    seq            UInt64,
    at             DateTime64(3, 'UTC'),
    kind           String,
    class          String,
    question       UUID,
    question_seq   UInt64,
    asker          String,
    acting_for     String,
    record         UUID,
    record_seq     UInt64,
    owner          String,
    question_mark  UInt16,
    record_mark    UInt16,
    grade          String,
    millibits      UInt32,
    strength       String,
    shared         Bool,
    result_make    String,
    result_model   String,
    result_calibre String,
    result_type    String,
    policy         String,
    rule           Int32
)
ENGINE = ReplacingMergeTree(seq) ORDER BY match_id;

CREATE TABLE IF NOT EXISTS match_status
(
    match_id UUID,
    seq      UInt64,
    at       DateTime64(3, 'UTC'),
    status   String,
    because  String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY match_id;

-- Who may see a match: told (n is the number in its inbox) or shown (n = 0).
CREATE TABLE IF NOT EXISTS match_tells
(
    organisation String,
    match_id     UUID,
    n            UInt64,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    role         String,
    reason       String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (organisation, match_id, n);

CREATE TABLE IF NOT EXISTS inbox
(
    organisation String,
    n            UInt64,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    role         String,
    reason       String,
    about_kind   String,
    about_id     String,
    count        UInt32
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (organisation, n);

CREATE TABLE IF NOT EXISTS inbox_acknowledged
(
    organisation String,
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    n            UInt64
)
ENGINE = ReplacingMergeTree(seq) ORDER BY organisation;

CREATE TABLE IF NOT EXISTS organisations
(
    organisation_id String,
    seq             UInt64,
    at              DateTime64(3, 'UTC'),
    kind            String,
    country         String,
    name            String,
    parent          String,
    inbox           Bool,
    rights          Array(String),
    clock_urgent    UInt32,
    clock_routine   UInt32,
    clock_deferred  UInt32,
    notify_floor    String,
    submitted_by    String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY organisation_id;

CREATE TABLE IF NOT EXISTS agreements
(
    agreement_id            String,
    seq                     UInt64,
    at                      DateTime64(3, 'UTC'),
    grantee                 String,
    rights                  Array(String),
    purposes                Array(String),
    acts_for_kinds          Array(String),
    acts_for_organisations  Array(String),
    only_without_own_access Bool,
    searches_per_day        UInt32,
    partial_per_day         UInt32,
    legal_basis             String,
    valid_from              String,
    valid_until             String,
    granted_by              String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY agreement_id;

CREATE TABLE IF NOT EXISTS agreement_status
(
    agreement_id      String,
    seq               UInt64,
    at                DateTime64(3, 'UTC'),
    status            String,
    reason            String,
    standing_searches String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY agreement_id;

-- One row an entry of the journal, whatever its verdict.
CREATE TABLE IF NOT EXISTS entries
(
    seq          UInt64,
    at           DateTime64(3, 'UTC'),
    src          String,
    off          Int64,
    span         Int64,
    type         String,
    request      UUID,
    verdict      String,
    of           UInt64,
    codes        Array(String),
    warnings     Array(String),
    effects      UInt32,
    bytes        UInt32,
    erased       Bool,
    actor        String,
    on_behalf_of String,
    engine       UInt32,
    policy       String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY seq;

CREATE TABLE IF NOT EXISTS rejects
(
    seq     UInt64,
    ordinal UInt16,
    at      DateTime64(3, 'UTC'),
    src     String,
    type    String,
    verdict String,
    pointer String,
    code    String
)
ENGINE = ReplacingMergeTree(seq) ORDER BY (seq, ordinal);

-- How far a worker is. Written after its rows: what a position covers is there.
CREATE TABLE IF NOT EXISTS positions
(
    worker      String,
    next        UInt64,
    tables      Array(String),
    offset      Int64,
    journal_end Int64,
    at          DateTime64(3, 'UTC'),
    journal     UUID,
    reader      String,
    written_at  DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(next) ORDER BY worker;

-- No way down: a generation is made anew from the journal, never taken back.
