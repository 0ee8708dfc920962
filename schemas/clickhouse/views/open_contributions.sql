CREATE OR REPLACE VIEW {{.Analytics}}.open_contributions
(
    country  String COMMENT 'country of the organisations, ISO 3166-1; empty = international entities',
    year     String COMMENT 'year of log time',
    records  Nullable(UInt64) COMMENT 'records registered; NULL = fewer than 5',
    searches Nullable(UInt64) COMMENT 'questions asked; NULL = fewer than 5',
    matches  Nullable(UInt64) COMMENT 'pairs in which an organisation of the country was asker or owner; NULL = fewer than 5',
    confirmed_hits Nullable(UInt64) COMMENT 'of such pairs, those confirmed; NULL = fewer than 5'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT country, year, if(r < 5, NULL, r) AS records, if(s < 5, NULL, s) AS searches, if(m < 5, NULL, m) AS matches, if(h < 5, NULL, h) AS confirmed_hits
FROM
(
    SELECT c.country AS country, toString(toYear(c.day)) AS year, sum(c.records) AS r, sum(c.searches) AS s, sum(c.matches) AS m, sum(c.confirmed_hits) AS h
    FROM {{.Analytics}}.contributions AS c GROUP BY country, year
)
COMMENT 'For the public: what each country contributed in each year, without figures under 5'
