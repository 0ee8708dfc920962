// Package events is the language of armslog: the requests organisations send,
// the journal entry that says what was decided of each, and the one rule by
// which every reader reads the journal.
//
// It does no I/O and knows no broker, no database and no HTTP. Words on the
// wire are those of the JSON Schemas in package schemas; a test holds the two
// together.
package events
