// Package references reads tables of makes, models, calibres and types that
// others keep, and merges them into the firearms reference table: what a line
// names is amended, and what nothing names is added, where the table's lines
// say clearly enough what they name. It knows no broker and no HTTP.
package references
