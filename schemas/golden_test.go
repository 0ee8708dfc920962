package schemas_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

// write makes the .errors file of a new golden body. A file that is there is
// never written again: what was decided once stays decided.
var write = flag.Bool("write", false, "write the .errors files that are missing")

// golden is a body that was written once and is never edited.
type golden struct {
	Type  events.Type
	Name  string // valid-… or invalid-…
	Path  string
	Value []byte
}

func goldens(t testing.TB) (all []golden) {
	paths, err := filepath.Glob("testdata/golden/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, p := range paths {
		value, err := os.ReadFile(p)
		require.NoError(t, err)
		all = append(all, golden{
			Type: events.Type("armslog." + filepath.Base(filepath.Dir(p))),
			Name: strings.TrimSuffix(filepath.Base(p), ".json"), Path: p, Value: value,
		})
	}
	return all
}

// validators compiles the schema of every request type.
func validators(t testing.TB) map[events.Type]*jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	files, err := schemas.FS.ReadDir("requests")
	require.NoError(t, err)
	for _, f := range files {
		b, err := schemas.FS.ReadFile("requests/" + f.Name())
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		require.NoError(t, err, f.Name())
		require.NoError(t, c.AddResource("file:///requests/"+f.Name(), doc))
	}
	all := make(map[events.Type]*jsonschema.Schema)
	for _, f := range files {
		s, err := c.Compile("file:///requests/" + f.Name())
		require.NoError(t, err)
		if name := strings.TrimSuffix(f.Name(), ".json"); name != "common.v1" {
			all[events.Type("armslog."+name)] = s
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	all := validators(t)
	valid := make(map[events.Type]int)
	for _, g := range goldens(t) {
		t.Run(string(g.Type)+"/"+g.Name, func(t *testing.T) {
			body, errs := events.Decode(g.Type, g.Value)
			if strings.HasPrefix(g.Name, "valid-") {
				valid[g.Type]++
				require.Empty(t, errs)
				require.Equal(t, g.Type, body.Type())
				require.NoError(t, validate(t, all[g.Type], g.Value))
				roundTrip(t, body)
				return
			}
			require.Nil(t, body)
			require.Equal(t, wantErrors(t, g, errs), lines(errs))
			for _, e := range events.Explain(g.Type, g.Value, errs) {
				require.NotEmpty(t, e.Message)
				require.NotEmpty(t, e.Hint)
				require.NotRegexp(t, `\{(value|field|says|length|least|most|list|codes|status|status_means)\}`, e.Message+e.Hint)
			}
		})
	}
	for requestType := range all {
		require.NotZero(t, valid[requestType], "no golden body of %s", requestType)
	}
}

// roundTrip: what encoding/json makes of a body is decoded to the same body.
func roundTrip(t require.TestingT, body events.Body) {
	b, err := json.Marshal(body)
	require.NoError(t, err)
	again, errs := events.Decode(body.Type(), b)
	require.Empty(t, errs, "%s", b)
	if p, ok := body.(*events.PolicySet); ok {
		require.JSONEq(t, string(p.Raw), string(again.(*events.PolicySet).Raw))
		return
	}
	if g, ok := body.(*events.Genesis); ok {
		require.JSONEq(t, string(g.Policy), string(again.(*events.Genesis).Policy))
		again.(*events.Genesis).Policy = g.Policy // white space apart
	}
	require.Equal(t, body, again)
}

func wantErrors(t *testing.T, g golden, got []events.FieldError) string {
	path := strings.TrimSuffix(g.Path, ".json") + ".errors"
	if _, err := os.Stat(path); os.IsNotExist(err) && *write {
		require.NoError(t, os.WriteFile(path, []byte(lines(got)), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(want)
}

func lines(errs []events.FieldError) string {
	var b strings.Builder
	for _, e := range errs {
		b.WriteString(e.Code + " " + e.Pointer + "\n")
	}
	return b.String()
}

func validate(t require.TestingT, s *jsonschema.Schema, value []byte) error {
	require.NotNil(t, s)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	require.NoError(t, err)
	return s.Validate(doc)
}
