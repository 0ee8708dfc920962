// Package projections turns the journal into what people query: the tables of
// ClickHouse (Projector), the replies and notifications on armslog.out
// (Courier), the check that both equal the fold of the journal (Fsck) and their
// making anew (Rebuild).
//
// The projector keeps no state but its position. Every row is a pure function
// of one accepted entry (Rows) and every table keeps the row with the highest
// seq, so whatever is written twice, late, or by a worker that was replaced
// changes nothing.
//
// ClickHouse being down never stops registration, search or notification:
// nothing outside of the read models waits for it.
package projections
