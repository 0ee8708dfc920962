    -- What counts for an operation: its tag names it, its sender takes part
    -- (a national entity through its NCB), and it may have happened while the
    -- operation ran. What was entered by mistake does not count.
    SELECT p.operation_id AS operation_id, i.what AS what, i.id AS id, i.organisation AS organisation, i.category AS category,
        i.country AS country, i.type AS type, i.deny AS deny
    FROM
    (
        SELECT 'question' AS what, q.search_id AS id, q.organisation AS organisation, '' AS category, q.incident_country AS country,
            q.type AS type, q.operation AS operation, ifNull(q.incident_min, toDate32(q.at)) AS first_day,
            ifNull(q.incident_max, toDate32(q.at)) AS last_day, emptyArrayString() AS deny
        FROM {{.Tables}}.searches AS q
        WHERE q.operation != '' AND q.search_id NOT IN (SELECT search_id FROM {{.Tables}}.search_status WHERE reason = 'mistyped')
        UNION ALL
        SELECT 'record', r.record_id, r.owner, r.category, r.incident_country, r.type, r.operation,
            ifNull(r.incident_min, toDate32(if(r.revision = 1, r.at, f.at))), ifNull(r.incident_max, toDate32(if(r.revision = 1, r.at, f.at))), r.deny
        FROM {{.Tables}}.records AS r
        LEFT JOIN
        (
            SELECT record_id, at FROM {{.Tables}}.record_history
            WHERE revision = 1 AND record_id IN (SELECT record_id FROM {{.Tables}}.records WHERE revision > 1 AND operation != '')
        ) AS f ON f.record_id = r.record_id
        WHERE r.operation != ''
            AND r.record_id NOT IN (SELECT record_id FROM {{.Tables}}.record_status WHERE reason IN ('entered_in_error', 'duplicate'))
        UNION ALL
        SELECT 'trace', t.trace_id, t.organisation, '', t.incident_country, t.type, t.operation,
            ifNull(t.incident_min, toDate32(t.at)), ifNull(t.incident_max, toDate32(t.at)), emptyArrayString()
        FROM {{.Tables}}.traces AS t WHERE t.operation != ''
    ) AS i
    INNER JOIN {{.Tables}}.operations AS p ON p.operation_id = i.operation
    LEFT JOIN {{.Tables}}.operation_status AS c ON c.operation_id = p.operation_id
    LEFT JOIN {{.Tables}}.organisations AS o ON o.organisation_id = i.organisation
    WHERE has(arrayPushBack(p.members, p.lead), if(o.kind = 'national_entity' AND NOT has(arrayPushBack(p.members, p.lead), i.organisation), o.parent, i.organisation))
        AND i.last_day >= p.first_day AND i.first_day <= ifNull(p.last_day, toDate32('2299-12-31'))
        AND (c.status = '' OR i.first_day <= toDate32(c.at))
        AND NOT (hasAny(i.deny, {{.Viewers}}) AND NOT has({{.Ours}}, i.organisation))
