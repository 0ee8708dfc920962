CREATE OR REPLACE VIEW {{.Analytics}}.records
(
{{template "record.columns.sql"}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
{{template "record.values.sql" "now()"}}
FROM {{.Tables}}.records AS r
LEFT JOIN {{.Tables}}.organisations AS o ON o.organisation_id = r.owner
LEFT JOIN
(
    SELECT x.record_id AS record_id, argMax(x.status, x.seq) AS status, max(x.seq) AS seq, max(x.at) AS at
    FROM {{.Tables}}.record_status AS x GROUP BY x.record_id
) AS s ON s.record_id = r.record_id
LEFT JOIN
(
    SELECT record_id, at FROM {{.Tables}}.record_history
    WHERE revision = 1 AND record_id IN (SELECT record_id FROM {{.Tables}}.records WHERE revision > 1)
) AS f ON f.record_id = r.record_id
LEFT JOIN
(
    SELECT DISTINCT record_id FROM
    (
    {{template "located.sql" .Tables}}
    )
    WHERE until IS NULL
) AS l ON l.record_id = r.record_id
COMMENT 'Every record as it stands now'
