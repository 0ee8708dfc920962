CREATE OR REPLACE VIEW {{.Analytics}}.origins
(
    country               String COMMENT 'where the weapons were recovered, ISO 3166-1',
    year                  String COMMENT 'when, such as 2026; empty = the year is not known',
    type                  String COMMENT 'type of weapon, parts aside',
    recovered             UInt64 COMMENT 'weapons seized, found or surrendered',
    established           UInt64 COMMENT 'of these, those whose origin or point of diversion is established',
    established_by_tracing UInt64 COMMENT 'of these, those established by tracing',
    traceable             UInt64 COMMENT 'of those recovered: established, or with a number to trace by and not stated to be untraceable',
    pending               UInt64 COMMENT 'origin being looked for',
    failed                UInt64 COMMENT 'looked for and not found',
    not_attempted         UInt64 COMMENT 'not looked for, or nothing stated',
    not_traceable         UInt64 COMMENT 'stated to be untraceable'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT country, substring(month, 1, 4) AS year, type, count() AS recovered,
    countIf(origin IN ('established_by_tracing', 'established_otherwise')) AS established,
    countIf(origin = 'established_by_tracing') AS established_by_tracing, countIf(traceable) AS traceable,
    countIf(origin = 'pending') AS pending, countIf(origin = 'failed') AS failed, countIf(origin = 'not_attempted') AS not_attempted,
    countIf(origin = 'not_traceable') AS not_traceable
FROM
(
{{template "recovered.sql" .}}
)
GROUP BY country, year, type
COMMENT 'What is known of the origin of recovered weapons: the figures of SDG indicator 16.4.2'
