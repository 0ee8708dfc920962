package schemas_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

// The code lists of the language, of the CSV files and of the schemas are the
// same, in the same order.
func TestCodeLists(t *testing.T) {
	files, err := fs.Glob(schemas.FS, "codes/*.csv")
	require.NoError(t, err)
	require.Len(t, files, len(events.Lists()))
	enums := schemaEnums(t)
	for _, l := range events.Lists() {
		codes, err := schemas.Codes(l.Name())
		require.NoError(t, err)
		var names []string
		for i, c := range codes {
			names = append(names, c.Code)
			require.NotEmpty(t, c.Description, "%s %s", l.Name(), c.Code)
			require.Contains(t, c.Columns, "ncic")
			require.Contains(t, c.Columns, "niem")
			at, ok := l.Index(c.Code)
			require.True(t, ok)
			require.EqualValues(t, i+1, at)
			require.Equal(t, c.Code, l.At(at))
		}
		require.Equal(t, l.Codes(), names, l.Name())
		if enum, ok := enums["code_"+l.Name()]; ok {
			require.Equal(t, names, enum, l.Name())
			delete(enums, "code_"+l.Name())
		}
	}
	require.Empty(t, enums, "lists of the schemas that the language has not")
}

func schemaEnums(t *testing.T) map[string][]string {
	var doc struct {
		Defs map[string]struct{ Enum []string } `json:"$defs"`
	}
	b, err := schemas.FS.ReadFile("requests/common.v1.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &doc))
	enums := make(map[string][]string)
	for name, def := range doc.Defs {
		if strings.HasPrefix(name, "code_") {
			enums[name] = def.Enum
		}
	}
	return enums
}

func TestFamilies(t *testing.T) {
	codes, err := schemas.Codes("category")
	require.NoError(t, err)
	for _, c := range codes {
		require.Equal(t, c.Columns["family"], events.Family(c.Code))
	}
}

// Which types are compatible is what the column says, both ways.
func TestCompatibleTypes(t *testing.T) {
	codes, err := schemas.Codes("type")
	require.NoError(t, err)
	compatible := make(map[[2]string]bool)
	for _, c := range codes {
		compatible[[2]string{c.Code, c.Code}] = true
		for other := range strings.FieldsSeq(c.Columns["compatible"]) {
			require.True(t, events.FirearmTypes.Has(other), other)
			compatible[[2]string{c.Code, other}], compatible[[2]string{other, c.Code}] = true, true
		}
	}
	vague := []string{"part", "other", "unknown"}
	for _, a := range codes {
		for _, b := range codes {
			want := events.Conflict
			if slices.Contains(vague, a.Code) || slices.Contains(vague, b.Code) {
				want = events.Unknown
			} else if compatible[[2]string{a.Code, b.Code}] {
				want = events.Agree
			}
			require.Equal(t, want, events.TypesCompatible(a.Code, b.Code), "%s %s", a.Code, b.Code)
		}
		require.Equal(t, events.Unknown, events.TypesCompatible(a.Code, ""))
	}
}

// Every request type has a schema and every schema a type.
func TestRequestSchemas(t *testing.T) {
	sent, own := events.Types()
	for _, requestType := range append(sent, own...) {
		b, ok := schemas.Request(string(requestType))
		require.True(t, ok, requestType)
		require.Contains(t, string(b), `"title": "`+string(requestType)+`"`)
	}
	files, err := fs.Glob(schemas.FS, "requests/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(sent)+len(own)+1)
	_, ok := schemas.Request("armslog.sneeze.v1")
	require.False(t, ok)
}

type asyncAPI struct {
	Channels map[string]struct {
		Address  string
		Messages map[string]ref
	}
	Operations map[string]struct {
		Channel  ref
		Messages []ref
	}
	Components struct {
		Messages map[string]struct {
			Name    string
			Payload struct{ Schema ref }
		}
	}
}

type ref struct {
	Ref string `json:"$ref"`
}

// AsyncAPI names the request types, the topics and files that are there.
func TestAsyncAPI(t *testing.T) {
	var doc asyncAPI
	require.NoError(t, json.Unmarshal(schemas.AsyncAPI(), &doc))
	sent, own := events.Types()
	var names []events.Type
	for _, m := range doc.Components.Messages {
		if m.Payload.Schema.Ref != "" {
			names = append(names, events.Type(m.Name))
			_, err := fs.Stat(schemas.FS, m.Payload.Schema.Ref)
			require.NoError(t, err)
			require.Equal(t, m.Name, "armslog."+strings.TrimSuffix(path.Base(m.Payload.Schema.Ref), ".json"))
		}
	}
	require.ElementsMatch(t, append(slices.Clone(sent), own...), names)

	var mailbox []events.Type
	for name, m := range doc.Channels["mailbox"].Messages {
		require.Equal(t, "#/components/messages/"+name, m.Ref)
		mailbox = append(mailbox, events.Type(doc.Components.Messages[name].Name))
	}
	require.ElementsMatch(t, sent, mailbox)
	for _, op := range doc.Operations {
		require.Contains(t, doc.Channels, path.Base(op.Channel.Ref))
	}
}

func TestTopics(t *testing.T) {
	var doc asyncAPI
	require.NoError(t, json.Unmarshal(schemas.AsyncAPI(), &doc))
	var addresses, names []string
	for _, c := range doc.Channels {
		addresses = append(addresses, c.Address)
	}
	for _, topic := range schemas.Topics() {
		names = append(names, topic.Name)
		require.NotEmpty(t, topic.WrittenBy)
		require.Equal(t, "LogAppendTime", topic.Config["message.timestamp.type"])
		require.Equal(t, topic.Retention == "infinite", topic.Config["retention.ms"] == "-1")
	}
	require.ElementsMatch(t, addresses, names)
	require.Subset(t, names, []string{events.JournalTopic, events.MailboxTopic("{org}"), events.OutboxTopic("{org}")})
}

func TestDefaultPolicy(t *testing.T) {
	require.NoError(t, validate(t, validators(t)[events.TypePolicySet], schemas.DefaultPolicy()))
	_, errs := events.Decode(events.TypePolicySet, schemas.DefaultPolicy())
	require.Empty(t, errs)
}

// The seed is valid, no alias stands for two things of a kind, and what is
// related is there.
func TestReferenceSeed(t *testing.T) {
	ids, aliases := make(map[string]bool), make(map[string]string)
	var all []*events.ReferenceSubmitted
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		body, errs := events.Decode(events.TypeReferenceSubmitted, line)
		require.Empty(t, errs, "%s", line)
		r := body.(*events.ReferenceSubmitted)
		id := r.Kind + ":" + r.Codes["local"]
		require.False(t, ids[id], id)
		ids[id] = true
		all = append(all, r)
		for _, a := range append(r.Aliases, r.Name) {
			key := r.Kind + " " + strings.ToLower(a)
			if owner, twice := aliases[key]; twice {
				require.Equal(t, r.Name, owner, a)
			}
			aliases[key] = r.Name
		}
	}
	for _, r := range all {
		for _, id := range r.Related {
			require.True(t, ids[id], id)
		}
	}
	require.Greater(t, len(all), 70)
}
