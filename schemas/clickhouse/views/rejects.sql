CREATE OR REPLACE VIEW {{.Analytics}}.rejects
(
    seq          UInt64 COMMENT 'journal entry',
    ordinal      UInt16 COMMENT 'which of its errors, from 0',
    at           DateTime64(3, 'UTC') COMMENT 'log time',
    organisation String COMMENT 'whose request it was',
    type         String COMMENT 'type of request',
    verdict      String COMMENT 'rejected, undecodable or failed',
    pointer      String COMMENT 'field of the request (RFC 6901); empty = the whole',
    code         String COMMENT 'what was wrong'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT seq, ordinal, at, src AS organisation, type, verdict, pointer, code
FROM {{.Tables}}.rejects
COMMENT 'Every error of every request that was not accepted'
