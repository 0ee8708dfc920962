CREATE OR REPLACE VIEW {{.Analytics}}.data_quality
(
    owner           String COMMENT 'organisation whose data it is',
    month           String COMMENT 'month of log time: 2026-11',
    records         UInt64 COMMENT 'records as they stand now whose last revision is of that month',
    with_make       Float64 COMMENT 'share of them with a make, 0 to 1',
    with_model      Float64 COMMENT 'share with a model',
    with_calibre    Float64 COMMENT 'share with a calibre',
    with_type       Float64 COMMENT 'share with a type other than other and unknown',
    with_serial     Float64 COMMENT 'share whose principal number can be read whole',
    weak_numbers    Float64 COMMENT 'share whose principal number is too short to identify a weapon: under 14 bits',
    partial_numbers Float64 COMMENT 'share whose principal number is partial',
    unknown_makes   Float64 COMMENT 'share of those with a make whose make is neither name nor alias in the reference table',
    rejected        UInt64 COMMENT 'requests of that month that were not accepted',
    rejects_by_code Map(String, UInt64) COMMENT 'their errors, by code'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT owner, month, sum(n) AS records, ifNotFinite(sum(make) / records, 0) AS with_make, ifNotFinite(sum(model) / records, 0) AS with_model,
    ifNotFinite(sum(calibre) / records, 0) AS with_calibre, ifNotFinite(sum(type) / records, 0) AS with_type,
    ifNotFinite(sum(serial) / records, 0) AS with_serial, ifNotFinite(sum(weak) / records, 0) AS weak_numbers,
    ifNotFinite(sum(part) / records, 0) AS partial_numbers, ifNotFinite(sum(strange) / sum(make), 0) AS unknown_makes,
    uniqExactIf(seq, code != '') AS rejected, mapFilter((k, v) -> k != '', sumMap(map(code, toUInt64(1)))) AS rejects_by_code
FROM
(
    SELECT owner, substring(toString(at), 1, 7) AS month, 1 AS n, make != '' AS make, model != '' AS model, calibre != '' AS calibre,
        type NOT IN ('', 'other', 'unknown') AS type, mark_status = 'readable' AS serial,
        mark_status IN ('readable', 'restored') AND mark_millibits < 14000 AS weak, mark_status = 'partial' AS part,
        make AND lowerUTF8(r.make) NOT IN
            (SELECT arrayJoin(arrayMap(a -> lowerUTF8(a), arrayPushBack(aliases, name))) FROM {{.Tables}}.reference WHERE kind = 'make') AS strange,
        '' AS code, toUInt64(0) AS seq
    FROM {{.Tables}}.records AS r
    UNION ALL
    SELECT src, substring(toString(at), 1, 7), 0, 0, 0, 0, 0, 0, 0, 0, 0, code, seq FROM {{.Tables}}.rejects
)
GROUP BY owner, month
COMMENT 'How complete the data of each organisation are, and what was refused'
