// Package imports reads the files that bureaus keep (CSV, NDJSON, a JSON
// array, XLSX, XML, fixed width) and maps their rows to requests.
//
// It knows no broker and no HTTP. Every row has a line number and a verdict of
// its own; a bad row never stops the file, and no row needs more memory than
// MaxRow. What stops a file is a FileError (nothing in it can be read) or an
// error of the reader beneath.
package imports
