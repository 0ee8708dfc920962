// Package schemas holds the contracts of armslog as data: the JSON Schemas of
// the requests, the code lists, the topics, the default matching policy and a
// seed of the firearms reference table. It does no I/O.
package schemas

import (
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
)

// FS holds the files of this folder.
//
//go:embed requests/*.json codes/*.csv policy/*.json reference/*.ndjson asyncapi.json topics.json
var FS embed.FS

// DefaultPolicy is the matching policy of a new registry: the body of a
// policy.set request.
func DefaultPolicy() []byte { return mustRead("policy/default.json") }

// ReferenceSeed is the built-in firearms reference table: NDJSON, each line the
// body of a reference.submitted request. Where its facts are from stands in
// reference/README.md.
func ReferenceSeed() []byte {
	return slices.Concat(mustRead("reference/types.ndjson"), mustRead("reference/calibres.ndjson"), mustRead("reference/makes.ndjson"))
}

// AsyncAPI is the AsyncAPI 3 document of the topics.
func AsyncAPI() []byte { return mustRead("asyncapi.json") }

// Request is the JSON Schema of a request type such as
// armslog.record.submitted.v1; ok is false for a type that has none. Its
// references are relative to the folder requests of FS.
func Request(requestType string) (schema []byte, ok bool) {
	const prefix = "armslog."
	if len(requestType) <= len(prefix) || requestType[:len(prefix)] != prefix {
		return nil, false
	}
	b, err := FS.ReadFile("requests/" + requestType[len(prefix):] + ".json")
	return b, err == nil
}

// Code is a row of a code list.
type Code struct {
	Code        string
	Description string
	Columns     map[string]string // the other columns: ncic, niem, compatible …
}

// Codes are the codes of a list in their order. It returns an error for a list
// that there is not.
func Codes(list string) ([]Code, error) {
	b, err := FS.ReadFile("codes/" + list + ".csv")
	if err != nil {
		return nil, fmt.Errorf("read code list: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read code list %s: %w", list, err)
	}
	codes := make([]Code, 0, len(rows))
	for _, row := range rows[1:] {
		c := Code{Columns: make(map[string]string)}
		for i, name := range rows[0] {
			c.set(name, row[i])
		}
		codes = append(codes, c)
	}
	return codes, nil
}

func (c *Code) set(column, v string) {
	switch column {
	case "code":
		c.Code = v
	case "description":
		c.Description = v
	default:
		c.Columns[column] = v
	}
}

// Topic is a topic of armslog, as topics.json says.
type Topic struct {
	Name      string            `json:"name"` // {org} stands for an organisation's id
	WrittenBy string            `json:"written_by"`
	ReadBy    string            `json:"read_by"`
	Retention string            `json:"retention"`
	Purpose   string            `json:"purpose"`
	Config    map[string]string `json:"config"` // of the Kafka topic
}

// Topics are the topics of armslog.
func Topics() []Topic {
	var doc struct {
		Topics []Topic `json:"topics"`
	}
	if err := json.Unmarshal(mustRead("topics.json"), &doc); err != nil {
		panic(fmt.Sprintf("schemas: topics.json: %v", err))
	}
	return doc.Topics
}

// mustRead reads an embedded file, which is always there.
func mustRead(name string) []byte {
	b, err := FS.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("schemas: %v", err))
	}
	return b
}
