CREATE OR REPLACE VIEW {{.Analytics}}.operations
(
    operation_id String COMMENT 'id, and the tag of what counts for it',
    kind         String COMMENT 'operation or programme',
    programme    String COMMENT 'what a programme controls, closed list; empty = an operation',
    name         String COMMENT 'name of the operation',
    lead         String COMMENT 'organisation that leads it',
    members      Array(String) COMMENT 'organisations that take part beside its lead; each NCB with its national entities',
    first_day    Date32 COMMENT 'first day of what counts',
    last_day     Nullable(Date32) COMMENT 'last day of what counts, as planned or as it was closed; NULL = it runs on',
    status       String COMMENT 'planned, running, over or closed, now',
    country      String COMMENT 'where it happened, ISO 3166-1; empty = not stated, or nothing counts yet',
    type         String COMMENT 'type of weapon; empty = not stated, or nothing counts yet',
    questions    UInt64 COMMENT 'searches',
    records      UInt64 COMMENT 'records, of every category',
    seizures     UInt64 COMMENT 'of these, weapons seized',
    traces       UInt64 COMMENT 'traces requested',
    matches      UInt64 COMMENT 'pairs that parties were told of, in which one side counts; where both do, at the place of the one that asks',
    confirmed    UInt64 COMMENT 'of these, those that an owner has confirmed'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    p.operation_id AS operation_id, p.kind AS kind, p.programme AS programme, p.name AS name, p.lead AS lead, p.members AS members,
    p.first_day AS first_day,
    if(c.status = '', p.last_day, least(ifNull(p.last_day, toDate32(c.at)), toDate32(c.at))) AS last_day,
    multiIf(c.status != '', c.status, p.first_day > toDate32(now()), 'planned',
            ifNull(p.last_day, toDate32(now())) < toDate32(now()), 'over', 'running') AS status,
    n.country AS country, n.type AS type, n.questions AS questions, n.records AS records, n.seizures AS seizures, n.traces AS traces, n.matches AS matches, n.confirmed AS confirmed
FROM {{.Tables}}.operations AS p
LEFT JOIN {{.Tables}}.operation_status AS c ON c.operation_id = p.operation_id
LEFT JOIN
(
{{template "operation.counts.sql" .}}
) AS n ON n.operation_id = p.operation_id
COMMENT 'What counts for each operation and programme, by country and type of weapon'
