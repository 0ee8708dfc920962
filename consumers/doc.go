// Package consumers follows Kafka: the journal, by the one reader rule; the
// mailboxes of all organisations, ahead of their decision; and the election
// that hints who should lead. It commits no offsets: whoever follows keeps its
// position with what it made of it.
package consumers
