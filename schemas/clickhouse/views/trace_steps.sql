CREATE OR REPLACE VIEW {{.Analytics}}.trace_steps
(
    trace_id     UUID COMMENT 'the trace',
    seq          UInt64 COMMENT 'journal entry that holds the answer',
    ordinal      UInt16 COMMENT 'place in the answer, from 0',
    reported_at  DateTime64(3, 'UTC') COMMENT 'log time of the answer',
    reported_by  String COMMENT 'addressee that reported it',
    answer       String COMMENT 'status of that answer: interim, completed, failed or referred',
    kind         String COMMENT 'what happened: manufactured, exported, imported … destroyed; closed list',
    date_min     Nullable(Date32) COMMENT 'first day on which it may have been; NULL = not known',
    date_max     Nullable(Date32) COMMENT 'last day on which it may have been; NULL = not known',
    country      String COMMENT 'where, ISO 3166-1 or 3166-3',
    to_country   String COMMENT 'of an export or a transfer: where to; empty = not stated',
    holder       String COMMENT 'kind of whoever had it afterwards; empty = not stated',
    licence_held Bool COMMENT 'the addressee holds the licence or the register',
    requester    String COMMENT 'who asked',
    type         String COMMENT 'type of weapon; empty = not known',
    make         String COMMENT 'make as the request states it; empty = not known',
    mark_id      String COMMENT 'keyed hash of the principal number, as in records; empty = none that can be read whole'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    s.trace_id AS trace_id, s.seq AS seq, s.ordinal AS ordinal, s.at AS reported_at, s.organisation AS reported_by, s.status AS answer,
    s.kind AS kind, s.date_min AS date_min, s.date_max AS date_max, s.country AS country, s.to_country AS to_country, s.holder AS holder,
    s.licence_held AS licence_held, t.organisation AS requester, t.type AS type, t.make AS make,
    if(t.mark_id = 0, '', lower(leftPad(hex(t.mark_id), 16, '0'))) AS mark_id
FROM {{.Tables}}.trace_steps AS s
LEFT JOIN {{.Tables}}.traces AS t ON t.trace_id = s.trace_id
COMMENT 'Every step of a weapon that an addressee reported'
