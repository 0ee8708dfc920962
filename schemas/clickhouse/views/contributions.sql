CREATE OR REPLACE VIEW {{.Analytics}}.contributions
(
    day             Date COMMENT 'day of log time, UTC',
    organisation    String COMMENT 'who contributed',
    country         String COMMENT 'its country, ISO 3166-1; empty for an international entity',
    records         UInt64 COMMENT 'records registered',
    amendments      UInt64 COMMENT 'later revisions of records',
    searches        UInt64 COMMENT 'questions asked',
    matches         UInt64 COMMENT 'pairs that parties were told of and in which it is the asker or the owner; on the day of the last telling',
    confirmed_hits  UInt64 COMMENT 'of the matches in which it is the asker or the owner, those that were confirmed; on the day of the answer',
    traces_sent     UInt64 COMMENT 'traces requested',
    traces_answered UInt64 COMMENT 'final answers to traces: completed, failed, refused or referred'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT c.day AS day, c.organisation AS organisation, any(o.country) AS country, sum(c.what = 'record') AS records, sum(c.what = 'amendment') AS amendments,
    sum(c.what = 'search') AS searches, sum(c.what = 'match') AS matches,
    sum(c.what = 'hit') AS confirmed_hits, sum(c.what = 'trace') AS traces_sent, sum(c.what = 'answer') AS traces_answered
FROM
(
    SELECT toDate(at) AS day, owner AS organisation, if(revision = 1, 'record', 'amendment') AS what FROM {{.Tables}}.record_history
    UNION ALL SELECT toDate(at), organisation, 'search' FROM {{.Tables}}.searches
    UNION ALL SELECT toDate(at), arrayJoin(arrayDistinct([asker, owner])), 'match' FROM {{.Tables}}.matches WHERE kind = 'match'
    UNION ALL SELECT toDate(h.at), arrayJoin(arrayDistinct([m.asker, m.owner])), 'hit'
        FROM {{.Tables}}.confirmations AS h INNER JOIN {{.Tables}}.matches AS m ON m.match_id = h.match_id WHERE h.answer = 'confirmed'
    UNION ALL SELECT toDate(at), organisation, 'trace' FROM {{.Tables}}.traces
    UNION ALL SELECT toDate(at), organisation, 'answer' FROM {{.Tables}}.trace_addressees
        WHERE status IN ('completed', 'failed', 'refused', 'referred')
) AS c
LEFT JOIN {{.Tables}}.organisations AS o ON o.organisation_id = c.organisation
GROUP BY day, organisation
COMMENT 'What each organisation did on each day'
