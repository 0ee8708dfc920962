    -- Every weapon that was seized, found or surrendered, entered by mistake
    -- aside, with what is known of its origin: what its owner states, or what a
    -- trace of it has found.
    SELECT r.record_id AS record_id, r.owner AS owner, r.incident_country AS country, {{template "span.sql" "r.incident"}} AS month,
        r.type AS type, r.country_of_manufacture AS made_in, arrayMap(s -> s.1, r.route) AS stations,
        if(r.diversion_country = '', t.diverted_in, r.diversion_country) AS diverted_in,
        multiIf(r.origin_status IN ('established_by_tracing', 'established_otherwise'), r.origin_status, t.found = 1, 'established_by_tracing',
                r.origin_status = '', 'not_attempted', r.origin_status) AS origin,
        origin IN ('established_by_tracing', 'established_otherwise')
            OR origin != 'not_traceable' AND r.mark_status IN ('readable', 'partial', 'restored') AS traceable
    FROM {{.Tables}}.records AS r
    LEFT JOIN
    (
        SELECT x.record_id AS record_id, 1 AS found, argMax(e.diversion_country, e.seq) AS diverted_in
        FROM {{.Tables}}.traces AS x INNER JOIN {{.Tables}}.trace_status AS e ON e.trace_id = x.trace_id
        WHERE e.status = 'established' GROUP BY x.record_id
    ) AS t ON t.record_id = r.record_id
    WHERE r.category IN ('seized', 'found', 'surrendered') AND r.type != 'part'
        AND r.record_id NOT IN (SELECT record_id FROM {{.Tables}}.record_status WHERE reason IN ('entered_in_error', 'duplicate'))
