// Package backup copies the journal into files and back. A backup is the whole
// topic, record for record, with what was made of it: it is folded when it is
// written, and folded again when it is read, so that a backup which could not be
// restored is not called one.
//
// A directory holds manifest.json and files of records, each with its digest. An
// export into a directory that holds an older one goes on where that ends; an
// import into a topic that holds the beginning goes on there, too.
package backup
