CREATE OR REPLACE VIEW {{.Analytics}}.records_as_of
(
{{template "record.columns.sql"}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
{{template "record.values.sql" "{at:DateTime64(3, 'UTC')}"}}
FROM
(
    SELECT * FROM {{.Tables}}.record_history WHERE at <= {at:DateTime64(3, 'UTC')}
    ORDER BY record_id, revision DESC LIMIT 1 BY record_id
) AS r
LEFT JOIN {{.Tables}}.organisations AS o ON o.organisation_id = r.owner
LEFT JOIN
(
    SELECT x.record_id AS record_id, argMax(x.status, x.seq) AS status, max(x.seq) AS seq, max(x.at) AS at FROM {{.Tables}}.record_status AS x
    WHERE x.at <= {at:DateTime64(3, 'UTC')} GROUP BY x.record_id
) AS s ON s.record_id = r.record_id
LEFT JOIN
(
    SELECT record_id, at FROM {{.Tables}}.record_history
    WHERE revision = 1 AND record_id IN (SELECT record_id FROM {{.Tables}}.record_history WHERE revision > 1)
) AS f ON f.record_id = r.record_id
LEFT JOIN
(
    SELECT DISTINCT record_id FROM
    (
    {{template "located.sql" .Tables}}
    )
    WHERE at <= {at:DateTime64(3, 'UTC')} AND (until IS NULL OR until > {at:DateTime64(3, 'UTC')})
) AS l ON l.record_id = r.record_id
COMMENT 'Every record as it stood at a log time: records_as_of(at = ''2026-11-23 12:00:00'')'
