CREATE OR REPLACE VIEW {{.Analytics}}.traces
(
    trace_id               UUID COMMENT 'identity of the trace',
    seq                    UInt64 COMMENT 'journal entry that holds the request',
    requested_at           DateTime64(3, 'UTC') COMMENT 'log time of the request',
    requester              String COMMENT 'organisation that asks',
    on_behalf_of           String COMMENT 'body it acted for; empty = none',
    status                 String COMMENT 'open, established, not_established or cancelled',
    urgency                String COMMENT 'urgent, routine or deferred',
    intended_use           String COMMENT 'what the answer is for; closed list',
    illicit_basis          Array(String) COMMENT 'why the weapon is illicit; closed list',
    domestic_check         String COMMENT 'of the own records: done, pending or not_possible',
    type                   String COMMENT 'type of weapon; empty = not known',
    make                   String COMMENT 'make as stated; empty = not known',
    model                  String COMMENT 'model as stated; empty = not known',
    calibre                String COMMENT 'calibre as stated; empty = not known',
    country_of_manufacture String COMMENT 'ISO 3166-1, or 3166-3 for a former state; empty = not known',
    mark_id                String COMMENT 'keyed hash of the principal number, as in records; empty = none that can be read whole',
    mark_status            String COMMENT 'status of the principal mark',
    mark_strength          Decimal(9, 3) COMMENT 'how much the principal number tells weapons apart, in bits',
    incident_country       String COMMENT 'where the weapon was recovered, ISO 3166-1',
    incident_min           Nullable(Date32) COMMENT 'first day on which it may have been recovered; NULL = not stated',
    incident_max           Nullable(Date32) COMMENT 'last day on which it may have been recovered; NULL = not stated',
    circumstance           String COMMENT 'closed list; empty = not stated',
    operation              String COMMENT 'name of the operation; empty = none',
    addressees             UInt32 COMMENT 'organisations that were asked',
    completed              UInt32 COMMENT 'of them, those that told all they know',
    failed                 UInt32 COMMENT 'those that could not trace it',
    refused                UInt32 COMMENT 'those that will not answer',
    referred               UInt32 COMMENT 'those that named others',
    waiting                UInt32 COMMENT 'those that have given no final answer before the trace was closed',
    overdue                UInt32 COMMENT 'those that were ever late',
    first_answer_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of the first final answer; NULL = none yet',
    closed_at              Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of its closing; NULL = it is open',
    diversion_country      String COMMENT 'finding: where it left the licit chain; empty = not established',
    diversion_min          Nullable(Date32) COMMENT 'finding: first day on which that may have been; NULL = not known',
    diversion_max          Nullable(Date32) COMMENT 'finding: last day on which that may have been; NULL = not known',
    diversion_kind         String COMMENT 'finding: how; closed list; empty = not established',
    first_sale_min         Nullable(Date32) COMMENT 'first day on which the first retail sale may have been: the finding, else the answers; NULL = not known',
    first_sale_max         Nullable(Date32) COMMENT 'last such day; NULL = not known',
    time_to_crime_max      Nullable(Int32) COMMENT 'most days from first retail sale to recovery; NULL = not known',
    time_to_crime_min      Nullable(Int32) COMMENT 'least days from first retail sale to recovery; NULL = not known'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    t.trace_id AS trace_id, t.seq AS seq, t.at AS requested_at, t.organisation AS requester, t.on_behalf_of AS on_behalf_of,
    if(e.status = '', 'open', e.status) AS status, t.urgency AS urgency, t.intended_use AS intended_use, t.illicit_basis AS illicit_basis,
    t.domestic_check AS domestic_check, t.type AS type, t.make AS make, t.model AS model, t.calibre AS calibre,
    t.country_of_manufacture AS country_of_manufacture,
    if(t.mark_id = 0, '', lower(leftPad(hex(t.mark_id), 16, '0'))) AS mark_id, t.mark_status AS mark_status,
    toDecimal32(t.mark_millibits, 3) / 1000 AS mark_strength,
    t.incident_country AS incident_country, t.incident_min AS incident_min, t.incident_max AS incident_max,
    t.circumstance AS circumstance, t.operation AS operation,
    toUInt32(a.addressees) AS addressees, toUInt32(a.completed) AS completed, toUInt32(a.failed) AS failed, toUInt32(a.refused) AS refused,
    toUInt32(a.referred) AS referred, toUInt32(a.waiting) AS waiting, toUInt32(a.overdue) AS overdue, a.first_answer_at AS first_answer_at,
    if(e.status = '', NULL, e.at) AS closed_at, e.diversion_country AS diversion_country, e.diversion_min AS diversion_min,
    e.diversion_max AS diversion_max, e.diversion_kind AS diversion_kind,
    coalesce(e.sale_min, s.sale_min) AS first_sale_min, coalesce(e.sale_max, s.sale_max) AS first_sale_max,
    if(t.incident_max >= first_sale_min, toInt32(dateDiff('day', first_sale_min, t.incident_max)), NULL) AS time_to_crime_max,
    if(time_to_crime_max IS NULL, NULL, greatest(assumeNotNull(toInt32(dateDiff('day', first_sale_max, t.incident_min))), 0)) AS time_to_crime_min
FROM {{.Tables}}.traces AS t
LEFT JOIN {{.Tables}}.trace_status AS e ON e.trace_id = t.trace_id
LEFT JOIN
(
    SELECT trace_id, countIf(stage != 'proposed') AS addressees, countIf(stage = 'completed') AS completed, countIf(stage = 'failed') AS failed,
        countIf(stage = 'refused') AS refused, countIf(stage = 'referred') AS referred, countIf(stage IN ('sent', 'acknowledged')) AS waiting,
        countIf(was_overdue) AS overdue, min(answered_at) AS first_answer_at
    FROM ({{template "trace_addressee.sql" .}}) GROUP BY trace_id
) AS a ON a.trace_id = t.trace_id
LEFT JOIN
(
    SELECT trace_id, min(date_min) AS sale_min, min(date_max) AS sale_max
    FROM {{.Tables}}.trace_steps WHERE kind = 'sold_retail' AND date_min IS NOT NULL GROUP BY trace_id
) AS s ON s.trace_id = t.trace_id
COMMENT 'Every international trace request, and how it stands'
