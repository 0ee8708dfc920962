CREATE OR REPLACE VIEW {{.Analytics}}.searches
(
    search_id              UUID COMMENT 'identity of the question',
    seq                    UInt64 COMMENT 'journal entry that answered it',
    asked_at               DateTime64(3, 'UTC') COMMENT 'log time of the answer',
    organisation           String COMMENT 'who asked',
    on_behalf_of           String COMMENT 'body it acted for; empty = none',
    status                 String COMMENT 'standing, withdrawn, ended, lapsed or answered (it never stood)',
    purpose                String COMMENT 'closed list',
    context                String COMMENT 'recovered, in_sight, documents or routine_control',
    type                   String COMMENT 'type of weapon; empty = not known',
    make                   String COMMENT 'make as stated; empty = not known',
    model                  String COMMENT 'model as stated; empty = not known',
    calibre                String COMMENT 'calibre as stated; empty = not known',
    country_of_manufacture String COMMENT 'ISO 3166-1, or 3166-3 for a former state; empty = not known',
    mark_id                String COMMENT 'keyed hash of the principal number, as in records; empty = none that can be read whole',
    mark_status            String COMMENT 'status of the principal mark',
    mark_strength          Decimal(9, 3) COMMENT 'how much the principal number tells weapons apart, in bits',
    incident_country       String COMMENT 'where the weapon is, ISO 3166-1; empty = not stated',
    incident_min           Nullable(Date32) COMMENT 'first day on which it may have been met; NULL = not stated',
    incident_max           Nullable(Date32) COMMENT 'last day on which it may have been met; NULL = not stated',
    circumstance           String COMMENT 'closed list; empty = not stated',
    operation              String COMMENT 'name of the operation; empty = none',
    stands_until           Nullable(Date32) COMMENT 'last day on which the question stands; NULL = it does not',
    ended_at               Nullable(DateTime64(3, 'UTC')) COMMENT 'log time of its end; NULL = it was not ended',
    ended_because          String COMMENT 'withdrawn, lapsed, agreement_ended, organisation_changed; empty = it was not ended',
    truncated              Bool COMMENT 'more candidates than the asker wanted to see',
    policy                 String COMMENT 'matching policy in force'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    q.search_id AS search_id, q.seq AS seq, q.at AS asked_at, q.organisation AS organisation, q.on_behalf_of AS on_behalf_of,
    multiIf(e.status IN ('withdrawn', 'lapsed'), e.status, e.status != '', 'ended',
            q.stands_until IS NULL, 'answered', q.stands_until < toDate32(now()), 'lapsed', 'standing') AS status,
    q.purpose AS purpose, q.context AS context, q.type AS type, q.make AS make, q.model AS model, q.calibre AS calibre,
    q.country_of_manufacture AS country_of_manufacture,
    if(q.mark_id = 0, '', lower(leftPad(hex(q.mark_id), 16, '0'))) AS mark_id, q.mark_status AS mark_status,
    toDecimal32(q.mark_millibits, 3) / 1000 AS mark_strength,
    q.incident_country AS incident_country, q.incident_min AS incident_min, q.incident_max AS incident_max,
    q.circumstance AS circumstance, q.operation AS operation, q.stands_until AS stands_until,
    if(e.status = '', NULL, e.at) AS ended_at, e.status AS ended_because, q.truncated AS truncated, q.policy AS policy
FROM {{.Tables}}.searches AS q
LEFT JOIN {{.Tables}}.search_status AS e ON e.search_id = q.search_id
COMMENT 'Every question that was answered'
