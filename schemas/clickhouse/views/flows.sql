CREATE OR REPLACE VIEW {{.Analytics}}.flows
(
    leg          String COMMENT 'diversion (to recovery), manufacture (to recovery), route (a station to the next) or export (as an answer to a trace tells)',
    from_country String COMMENT 'ISO 3166-1, or 3166-3 for a former state',
    to_country   String COMMENT 'ISO 3166-1, or 3166-3 for a former state',
    month        String COMMENT 'of the recovery, or of the export: 2019-05, or 2019 where only the year is known; empty = not known',
    type         String COMMENT 'type of weapon; empty = not known',
    firearms     UInt64 COMMENT 'weapons'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT leg, from_country, to_country, month, type, count() AS firearms
FROM
(
    SELECT step.1 AS leg, step.2 AS from_country, step.3 AS to_country, month, type
    FROM
    (
        SELECT month, type, arrayJoin(arrayConcat([('diversion', diverted_in, country), ('manufacture', made_in, country)],
            arrayMap((a, b) -> ('route', a, b), arrayPopBack(stations), arrayPopFront(stations)))) AS step
        FROM
        (
{{template "recovered.sql" .}}
        )
    )
    UNION ALL
    -- Two organisations may report one export: it is one.
    SELECT 'export', s.country, s.to_country, {{template "span.sql" "s.date"}} AS month, t.type
    FROM {{.Tables}}.trace_steps AS s INNER JOIN {{.Tables}}.traces AS t ON t.trace_id = s.trace_id
    WHERE s.kind = 'exported'
    GROUP BY s.trace_id, s.country, s.to_country, month, t.type
)
WHERE from_country != '' AND to_country != ''
GROUP BY leg, from_country, to_country, month, type
COMMENT 'Where weapons came from and where they were recovered'
