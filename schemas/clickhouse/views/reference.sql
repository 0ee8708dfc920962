CREATE OR REPLACE VIEW {{.Analytics}}.reference
(
    reference_id String COMMENT 'kind, colon and local code, such as make:TAS',
    kind         String COMMENT 'make, model, calibre or type',
    name         String COMMENT 'name of the entry',
    country      String COMMENT 'country of manufacture, ISO 3166-1; empty = not stated',
    make         String COMMENT 'of a model: reference_id of its make; empty = none',
    type         String COMMENT 'of a model or type: code of the type of firearm; empty = not stated',
    calibres     Array(String) COMMENT 'of a model: reference_id of the calibres that it is made in',
    aliases      Array(String) COMMENT 'other spellings that stand for the entry',
    codes        Map(String, String) COMMENT 'codes by the name of their list: codes[''ncic'']',
    related      Array(String) COMMENT 'reference_id of entries that are no conflict: joint production',
    serial_forms Array(Tuple(pattern String, from String, until String, dated Bool)) COMMENT 'shapes of serial numbers and their years; dated = the number says its year',
    changed_at   DateTime64(3, 'UTC') COMMENT 'log time of the last change',
    seq          UInt64 COMMENT 'journal entry of the last change: it holds from there on'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT reference_id, kind, name, country, make, type, calibres, aliases, codes, related, serial_forms, at AS changed_at, seq
FROM {{.Tables}}.reference
COMMENT 'The firearms reference table as it stands now'
