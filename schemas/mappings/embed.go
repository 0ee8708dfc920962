// Package mappings holds the mapping files that ship with armslog: how the
// tables of known sources become records. docs/mappings.md describes them.
package mappings

import "embed"

// FS holds one file <name>.json per mapping.
//
//go:embed *.json
var FS embed.FS
