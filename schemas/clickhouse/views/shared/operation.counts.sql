    SELECT operation_id, country, type, sum(questions) AS questions, sum(records) AS records, sum(seizures) AS seizures,
        sum(traces) AS traces, sum(matches) AS matches, sum(confirmed) AS confirmed
    FROM
    (
        SELECT operation_id, country, type, toUInt64(what = 'question') AS questions, toUInt64(what = 'record') AS records,
            toUInt64(category = 'seized') AS seizures, toUInt64(what = 'trace') AS traces, toUInt64(0) AS matches, toUInt64(0) AS confirmed
        FROM
        (
{{template "operation.items.sql" .}}
        )
        UNION ALL
        -- A match counts once, for the side that asked if that side counts.
        SELECT t.operation_id, argMax(t.country, m.asked), argMax(t.type, m.asked), 0, 0, 0, 0, 1,
            toUInt64(m.match_id IN (SELECT match_id FROM {{.Tables}}.confirmations WHERE answer = 'confirmed'))
        FROM
        (
            SELECT m.match_id AS match_id, arrayJoin([(m.question, 1), (m.record, 0)]) AS side, side.1 AS id, side.2 AS asked
            FROM {{.Tables}}.matches AS m
            WHERE m.kind = 'match' AND m.question NOT IN {{template "operation.withheld.sql" .}} AND m.record NOT IN {{template "operation.withheld.sql" .}}
        ) AS m
        INNER JOIN
        (
{{template "operation.items.sql" .}}
        ) AS t ON t.id = m.id
        GROUP BY t.operation_id, m.match_id
    )
    GROUP BY operation_id, country, type
