CREATE OR REPLACE VIEW {{.Analytics}}.lag
(
    worker     String COMMENT 'worker that fills the tables',
    tables     Array(String) COMMENT 'tables that it fills',
    next       UInt64 COMMENT 'seq of the next entry: all before it are in the tables',
    at         DateTime64(3, 'UTC') COMMENT 'log time of the last entry that is in the tables',
    waiting    Int64 COMMENT 'items of the journal that were known to wait when it was written',
    written_at DateTime64(3, 'UTC') COMMENT 'when the worker last wrote'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT worker, tables, next, at, greatest(journal_end - offset, 0) AS waiting, written_at
FROM {{.Tables}}.positions
COMMENT 'How far the tables are'
