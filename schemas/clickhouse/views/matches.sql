CREATE OR REPLACE VIEW {{.Analytics}}.matches
(
    match_id       UUID COMMENT 'identity of the pair',
    seq            UInt64 COMMENT 'journal entry that says how it stands',
    at             DateTime64(3, 'UTC') COMMENT 'log time of that entry',
    status         String COMMENT 'candidate (shown to one side), notified, asked, confirmed or ended',
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
    ended_because  String COMMENT 'record_withdrawn, record_expired, question_withdrawn, mark_removed, denied, not_same_weapon, record_outdated, question_outdated; empty = it has not ended',
    asked_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of the last request to confirm; NULL = it was not asked about',
    urgency          String COMMENT 'of that request: urgent, routine or deferred; empty = it was not asked about',
    due_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'log time by which the answer was or is expected, by the clock of the one who was asked',
    answered_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of the answer to that request; NULL = there is none; more time is no answer',
    answer           String COMMENT 'confirmed, not_same_weapon, record_outdated or cannot_confirm; empty = there is none',
    response_seconds Nullable(UInt32) COMMENT 'from that request to its answer; NULL = there is none',
    false_alert      Bool COMMENT 'the answer was not_same_weapon'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    m.match_id AS match_id, m.seq AS seq, m.at AS at,
    multiIf(e.seq > m.seq, 'ended', c.seq > e.seq AND c.last = 'confirmed', 'confirmed',
            c.seq > e.seq AND c.last IN ('requested', 'overdue', 'escalated', 'need_more_time'), 'asked',
            m.kind = 'match' OR c.seq > e.seq, 'notified', m.kind) AS status, m.class AS class,
    m.question AS question, m.asker AS asker, m.acting_for AS acting_for, m.record AS record, m.owner AS owner,
    m.grade AS grade, m.strength AS strength, toDecimal32(m.millibits, 3) / 1000 AS bits, m.shared AS shared,
    m.result_make AS result_make, m.result_model AS result_model, m.result_calibre AS result_calibre,
    m.result_type AS result_type, m.policy AS policy, m.rule AS rule,
    if(e.seq > m.seq, e.at, NULL) AS ended_at, if(e.seq > m.seq, e.because, '') AS ended_because,
    c.asked_at AS asked_at, c.urgency AS urgency, c.due_at AS due_at, c.answered_at AS answered_at, c.answer AS answer,
    toUInt32(dateDiff('second', c.asked_at, c.answered_at)) AS response_seconds, CAST(c.answer = 'not_same_weapon', 'Bool') AS false_alert
FROM {{.Tables}}.matches AS m
LEFT JOIN {{.Tables}}.match_status AS e ON e.match_id = m.match_id
LEFT JOIN
(
    SELECT
        x.match_id AS match_id, max(x.seq) AS seq, argMax(if(x.status = 'answered', x.answer, x.status), x.seq) AS last,
        minIf(toNullable(x.at), x.status = 'requested') AS asked_at, any(x.urgency) AS urgency,
        argMaxIf(x.due_at, x.seq, x.status = 'requested' OR x.answer = 'need_more_time') AS due_at,
        maxIf(toNullable(x.at), x.status = 'answered' AND x.answer != 'need_more_time') AS answered_at,
        argMaxIf(x.answer, x.seq, x.status = 'answered' AND x.answer != 'need_more_time') AS answer
    FROM {{.Tables}}.confirmations AS x GROUP BY x.match_id, x.requested ORDER BY x.requested DESC LIMIT 1 BY x.match_id
) AS c ON c.match_id = m.match_id
COMMENT 'Every pair of a question and a record that met'
