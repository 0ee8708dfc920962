package gateway

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files anew")

// documentChecker holds every answer of every test against the document: its
// status must be there, its body must be what the schema says.
type documentChecker struct {
	doc     map[string]any
	routes  *http.ServeMux
	mu      sync.Mutex // guards schemas
	schemas *jsonschema.Compiler
}

func newDocumentChecker(t testing.TB, g *Gateway) *documentChecker {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(g.openAPI))
	require.NoError(t, err)
	c := &documentChecker{doc: v.(map[string]any), schemas: jsonschema.NewCompiler(), routes: http.NewServeMux()}
	require.NoError(t, c.schemas.AddResource("openapi.json", v))
	for _, r := range g.routes {
		c.routes.HandleFunc(r.method+" "+r.path, func(http.ResponseWriter, *http.Request) {})
	}
	return c
}

// at walks the document down; nil where there is nothing.
func (c *documentChecker) at(path ...string) any {
	var v any = c.doc
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (c *documentChecker) check(t testing.TB, r *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	_, pattern := c.routes.Handler(r)
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if pattern == "" {
		require.Equal(t, mediaProblem, media)
		c.match(t, "/components/schemas/Problem", body)
		return
	}
	method, path, _ := strings.Cut(pattern, " ")
	response := c.at("paths", path, strings.ToLower(method), "responses", strconv.Itoa(resp.StatusCode))
	require.NotNil(t, response, "%s answers %d, which the document does not know: %s", pattern, resp.StatusCode, body)
	described := response.(map[string]any)["content"].(map[string]any)[media]
	require.NotNil(t, described, "%s answers %d as %s, which the document does not know", pattern, resp.StatusCode, media)
	if described.(map[string]any)["schema"] == nil {
		return
	}
	pointer := "/paths/" + escape(path) + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(resp.StatusCode) + "/content/" + escape(media) + "/schema"
	if media != mediaNDJSON {
		c.match(t, pointer, body)
		return
	}
	for line := range bytes.Lines(body) {
		c.match(t, pointer, line)
	}
}

func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1"), "%", "%25")
}

func (c *documentChecker) match(t testing.TB, pointer string, body []byte) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	schema, err := c.schemas.Compile("openapi.json#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err, "%s", body)
	require.NoError(t, schema.Validate(v), "%s", body)
}

func TestDocumentGolden(t *testing.T) {
	g, err := New(Config{Metrics: newTestMetrics(), Version: "test"})
	require.NoError(t, err)
	const golden = "testdata/openapi.json"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, g.openAPI, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(g.openAPI), "the API changed: go test ./gateway -run Golden -update")
}

func TestDocumentIsWhole(t *testing.T) {
	g, err := New(Config{Metrics: newTestMetrics(), Version: "test"})
	require.NoError(t, err)
	c := newDocumentChecker(t, g)
	require.Equal(t, "3.1.0", c.at("openapi"))
	require.NotEmpty(t, c.at("info", "title"))
	ids := map[string]bool{}
	operations := 0
	for _, r := range g.routes {
		op, ok := c.at("paths", r.path, strings.ToLower(r.method)).(map[string]any)
		require.True(t, ok, "%s %s is not in the document", r.method, r.path)
		require.False(t, ids[op["operationId"].(string)], "operationId %s is there twice", op["operationId"])
		ids[op["operationId"].(string)] = true
		require.NotEmpty(t, op["summary"])
		c.checkOperation(t, r, op)
		operations++
	}
	for path, item := range c.at("paths").(map[string]any) {
		operations -= len(item.(map[string]any))
		require.True(t, strings.HasPrefix(path, "/"))
	}
	require.Zero(t, operations, "the document holds operations that no route serves")
	for name := range c.at("components", "schemas").(map[string]any) {
		_, err := c.schemas.Compile("openapi.json#/components/schemas/" + name)
		require.NoError(t, err)
	}
	c.checkRefs(t, c.doc)
}

// checkOperation: path parameters are declared, statuses are statuses, and every
// problem code that the route declares stands under its own.
func (c *documentChecker) checkOperation(t *testing.T, r *route, op map[string]any) {
	declared := map[string]bool{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := p.(map[string]any)
		require.Contains(t, []string{"path", "query", "header"}, p["in"])
		require.NotNil(t, p["schema"])
		require.Equal(t, p["in"] == "path", p["required"] == true)
		declared[p["in"].(string)+" "+p["name"].(string)] = true
	}
	for part := range strings.SplitSeq(r.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			require.True(t, declared["path "+strings.TrimSuffix(name, "}")], "%s does not declare %s", r.id, part)
		}
	}
	responses := op["responses"].(map[string]any)
	for status, resp := range responses {
		require.Regexp(t, "^[1-5][0-9][0-9]$", status)
		require.NotEmpty(t, resp.(map[string]any)["description"])
	}
	for _, code := range r.codes() {
		require.Contains(t, problemKinds, code)
		require.Contains(t, responses, strconv.Itoa(kindOf(code).status), "%s may answer %s", r.id, code)
	}
}

func (c *documentChecker) checkRefs(t *testing.T, v any) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			name, found := strings.CutPrefix(ref, "#/components/schemas/")
			require.True(t, found, ref)
			require.NotNil(t, c.at("components", "schemas", name), ref)
		}
		for _, m := range v {
			c.checkRefs(t, m)
		}
	case []any:
		for _, m := range v {
			c.checkRefs(t, m)
		}
	}
}
