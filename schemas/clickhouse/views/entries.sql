CREATE OR REPLACE VIEW {{.Analytics}}.entries
(
    seq          UInt64 COMMENT 'place in the one order, dense from 0',
    at           DateTime64(3, 'UTC') COMMENT 'log time',
    src          String COMMENT 'organisation whose mailbox it came from, or registry for due work',
    off          Int64 COMMENT 'first offset of the mailbox that it covers',
    span         Int64 COMMENT 'how many offsets it covers',
    type         String COMMENT 'type of request',
    verdict      String COMMENT 'accepted, rejected, unchanged, duplicate, undecodable or failed',
    of           UInt64 COMMENT 'seq of the first entry, for a duplicate',
    codes        Array(String) COMMENT 'why it was rejected',
    warnings     Array(String) COMMENT 'what its sender was warned of',
    effects      UInt32 COMMENT 'number of effects',
    bytes        UInt32 COMMENT 'size of the request',
    erased       Bool COMMENT 'value erased, its commitment kept',
    on_behalf_of String COMMENT 'body its sender acted for; empty = none',
    engine       UInt32 COMMENT 'version of the deciding code',
    policy       String COMMENT 'matching policy in force'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT seq, at, src, off, span, type, verdict, of, codes, warnings, effects, bytes, erased, on_behalf_of, engine, policy
FROM {{.Tables}}.entries
COMMENT 'Every entry of the journal: one a request, whatever was decided'
