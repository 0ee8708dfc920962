CREATE OR REPLACE VIEW {{.Analytics}}.open_flows
(
    leg          String COMMENT 'diversion, manufacture, route or export, as in flows',
    from_country String COMMENT 'ISO 3166-1, or 3166-3 for a former state',
    to_country   String COMMENT 'ISO 3166-1, or 3166-3 for a former state',
    year         String COMMENT 'such as 2026; empty = not known',
    firearms     Nullable(UInt64) COMMENT 'weapons; NULL = fewer than 5'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT leg, from_country, to_country, year, if(weapons < 5, NULL, weapons) AS firearms
FROM
(
    SELECT f.leg AS leg, f.from_country AS from_country, f.to_country AS to_country, substring(f.month, 1, 4) AS year, sum(f.firearms) AS weapons
    FROM {{.Analytics}}.flows AS f GROUP BY leg, from_country, to_country, year
)
COMMENT 'For the public: flows by year, without figures under 5'
