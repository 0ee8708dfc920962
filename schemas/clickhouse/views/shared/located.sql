    SELECT a.located AS record_id, a.at AS at, if(e.seq > a.seq, toNullable(e.at), NULL) AS until
    FROM {{.}}.confirmations AS a LEFT JOIN {{.}}.match_status AS e ON e.match_id = a.match_id
    WHERE a.located != toUUID('00000000-0000-0000-0000-000000000000')
