CREATE OR REPLACE VIEW {{.Analytics}}.accesses
(
    day          Date COMMENT 'day of log time, UTC',
    organisation String COMMENT 'organisation that looked',
    acting_for   String COMMENT 'body it looked for; empty = none',
    what         String COMMENT 'record, match or trace',
    own          Bool COMMENT 'it was its own, or one side of it was',
    purpose      String COMMENT 'why it looked; empty = not stated',
    looks        UInt64 COMMENT 'how often something was shown in full'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    toDate(at) AS day, organisation, acting_for, what, has(parties, organisation) AS own, purpose, count() AS looks
FROM {{.Tables}}.accesses
GROUP BY day, organisation, acting_for, what, own, purpose
COMMENT 'How often records, matches and traces were shown in full: counts alone, nobody who looked and nothing that was looked at'
