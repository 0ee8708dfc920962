CREATE OR REPLACE VIEW {{.Analytics}}.trace_addressees
(
    trace_id        UUID COMMENT 'the trace',
    organisation    String COMMENT 'who was asked, or is proposed',
    requester       String COMMENT 'who asks',
    urgency         String COMMENT 'urgent, routine or deferred',
    status          String COMMENT 'proposed, sent, acknowledged, completed, failed, refused or referred',
    sent_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of being asked; NULL = only proposed',
    answer_by       Nullable(Date32) COMMENT 'last day for its answer; NULL = only proposed',
    acknowledged_at Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of the first word from it; NULL = none',
    answered_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of its final answer; NULL = none before the trace was closed',
    overdue         Bool COMMENT 'it was reminded',
    late            Bool COMMENT 'it answered after the trace was closed',
    failure         String COMMENT 'why it could not trace the weapon; empty = it did not fail',
    refusal         String COMMENT 'why it will not answer; empty = it did not refuse',
    steps           UInt64 COMMENT 'steps of the weapon that it reported'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    a.trace_id AS trace_id, a.organisation AS organisation, t.organisation AS requester, t.urgency AS urgency, a.stage AS status,
    a.sent_at AS sent_at, a.due AS answer_by, a.acknowledged_at AS acknowledged_at,
    a.answered_at AS answered_at, a.was_overdue AS overdue, a.answered_late AS late, a.failed_for AS failure, a.refused_for AS refusal, a.steps_told AS steps
FROM ({{template "trace_addressee.sql" .}}) AS a
LEFT JOIN {{.Tables}}.traces AS t ON t.trace_id = a.trace_id
COMMENT 'Every organisation that a trace asks, and how long it took'
