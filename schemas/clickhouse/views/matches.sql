CREATE OR REPLACE VIEW {{.Analytics}}.matches
(
    match_id       UUID COMMENT 'identity of the pair',
    seq            UInt64 COMMENT 'journal entry that says how it stands',
    at             DateTime64(3, 'UTC') COMMENT 'log time of that entry',
    status         String COMMENT 'candidate (shown to one side), notified or ended',
    class          String COMMENT 'alert, custody, duplicate or prior_sighting',
    question       UUID COMMENT 'the search, or the record that asks',
    asker          String COMMENT 'organisation that asks',
    acting_for     String COMMENT 'body it acted for; empty = none',
    record         UUID COMMENT 'the record that was met',
    owner          String COMMENT 'organisation that owns the record',
    grade          String COMMENT 'exact, normalised, confusable, lookalike, series_missing or partial',
    strength       String COMMENT 'weak, fair or strong',
    bits           Decimal(9, 3) COMMENT 'strength of the pair of marks, in bits',
    shared         Bool COMMENT 'a number that one owner holds in several cases',
    result_make    String COMMENT 'agree, unknown or conflict',
    result_model   String COMMENT 'agree, unknown or conflict',
    result_calibre String COMMENT 'agree, unknown or conflict',
    result_type    String COMMENT 'agree, unknown or conflict',
    policy         String COMMENT 'matching policy that decided',
    rule           Int32 COMMENT 'index of its rule that decided, -1 = its else',
    ended_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of its end; NULL = it has not ended',
    ended_because  String COMMENT 'record_withdrawn, record_expired, question_withdrawn, mark_removed, denied; empty = it has not ended'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    m.match_id AS match_id, m.seq AS seq, m.at AS at,
    multiIf(e.seq > m.seq, 'ended', m.kind = 'match', 'notified', m.kind) AS status, m.class AS class,
    m.question AS question, m.asker AS asker, m.acting_for AS acting_for, m.record AS record, m.owner AS owner,
    m.grade AS grade, m.strength AS strength, toDecimal32(m.millibits, 3) / 1000 AS bits, m.shared AS shared,
    m.result_make AS result_make, m.result_model AS result_model, m.result_calibre AS result_calibre,
    m.result_type AS result_type, m.policy AS policy, m.rule AS rule,
    if(e.seq > m.seq, e.at, NULL) AS ended_at, if(e.seq > m.seq, e.because, '') AS ended_because
FROM {{.Tables}}.matches AS m
LEFT JOIN {{.Tables}}.match_status AS e ON e.match_id = m.match_id
COMMENT 'Every pair of a question and a record that met'
