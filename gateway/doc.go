// Package gateway is the HTTP edge: it lets organisations in by their
// credential, appends what they ask to their mailbox and answers from the
// entry that decided it.
//
// It decides nothing. A body goes into the mailbox byte for byte and the
// registry says what is wrong with it, so that a request has the same verdict
// whichever way it came. What the edge refuses itself is what cannot be stored
// (too long, no row at all) and what would harm others (bounds).
//
// The package knows neither Kafka nor ClickHouse: it is given small interfaces
// (ports.go), which the node satisfies.
package gateway
