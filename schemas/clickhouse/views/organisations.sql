CREATE OR REPLACE VIEW {{.Analytics}}.organisations
(
    organisation_id String COMMENT 'opaque id',
    kind            String COMMENT 'ncb, national_entity, international_entity, general_secretariat or customs_administration',
    country         String COMMENT 'ISO 3166-1; empty = none',
    name            String COMMENT 'name of the organisation',
    parent          String COMMENT 'NCB of a national entity; empty = none',
    inbox           Bool COMMENT 'is told itself; else its parent is',
    rights          Array(String) COMMENT 'rights given by its NCB',
    changed_at      DateTime64(3, 'UTC') COMMENT 'log time of the last change',
    seq             UInt64 COMMENT 'journal entry of the last change'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT organisation_id, kind, country, name, parent, inbox, rights, at AS changed_at, seq
FROM {{.Tables}}.organisations
COMMENT 'The directory as it stands now'
