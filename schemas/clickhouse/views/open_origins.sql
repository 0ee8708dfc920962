CREATE OR REPLACE VIEW {{.Analytics}}.open_origins
(
    country     String COMMENT 'where the weapons were recovered, ISO 3166-1',
    year        String COMMENT 'when, such as 2026; empty = the year is not known',
    recovered   Nullable(UInt64) COMMENT 'weapons seized, found or surrendered; NULL = fewer than 5',
    established Nullable(UInt64) COMMENT 'of these, those whose origin is established; NULL = fewer than 5 are, or are not',
    traceable   Nullable(UInt64) COMMENT 'of those recovered, those that could be traced; NULL = fewer than 5 could, or could not, or could and were not'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT country, year, if(weapons < 5, NULL, weapons) AS recovered, if(found < 5 OR weapons - found BETWEEN 1 AND 4, NULL, found) AS established,
    if(could < 5 OR weapons - could BETWEEN 1 AND 4 OR could - found BETWEEN 1 AND 4, NULL, could) AS traceable
FROM
(
    SELECT o.country AS country, o.year AS year, sum(o.recovered) AS weapons, sum(o.established) AS found, sum(o.traceable) AS could
    FROM {{.Analytics}}.origins AS o GROUP BY country, year
)
COMMENT 'For the public: SDG indicator 16.4.2 by country and year, without figures under 5 nor those that would tell them'
