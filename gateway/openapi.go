package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The OpenAPI 3.1 document is made from the routes and from the Go types of
// bodies and answers: nothing in it is written twice.

func documentConfig(version string) huma.Config {
	c := huma.DefaultConfig("armslog", version)
	c.Info.Description = "A registry of illicit firearms. Errors are application/problem+json; every reply carries " + headerSeq + "."
	// Served from bytes made once, without scripts from elsewhere (docs.go).
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no $schema members in what is said elsewhere too
	c.AllowAdditionalPropertiesByDefault = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "Authorization: Bearer ak_<key id>_<secret>"},
	}
	return c
}

// describe is one route as the document says it.
func describe(schemas huma.Registry, r *route) *huma.Operation {
	op := &huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.doc, Tags: []string{r.tag},
		Description: rolesText(r), Responses: map[string]*huma.Response{},
	}
	if !r.open {
		op.Security = []map[string][]string{{"key": {}}}
	}
	for i := range r.params {
		op.Parameters = append(op.Parameters, r.params[i].describe())
	}
	if r.body != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Description: r.body.doc, Content: r.body.describe(schemas, true)}
	}
	for _, a := range r.ok {
		op.Responses[strconv.Itoa(a.status)] = &huma.Response{
			Description: a.doc, Content: a.describe(schemas, false), Headers: r.replyHeaders(),
		}
	}
	for _, code := range r.codes() {
		r.describeProblem(schemas, op, code)
	}
	return op
}

func rolesText(r *route) string {
	switch {
	case r.open:
		return "Needs no credential."
	case r.roles == nil:
		return "Any key."
	}
	names := make([]string, len(r.roles))
	for i, role := range r.roles {
		names[i] = string(role)
	}
	if !slices.Contains(names, string(Admin)) {
		names = append(names, string(Admin))
	}
	return "Roles: " + strings.Join(names, ", ") + "."
}

// codes are the problems that a call of the route may end in.
func (r *route) codes() []string {
	codes := []string{"internal"}
	if !r.open {
		codes = append(codes, "no_credential", "too_many_requests", "invalid_parameter")
	}
	if r.roles != nil {
		codes = append(codes, "no_role")
	}
	if !r.open && r.kind != streamKind {
		codes = append(codes, "unavailable")
	}
	if r.body != nil {
		codes = append(codes, "unsupported_media_type", "timeout", "incomplete_body")
	}
	if r.body != nil && r.kind != batchKind {
		codes = append(codes, "too_large")
	}
	if r.posts {
		codes = append(codes, "busy", "outcome_unknown")
	}
	if r.posts && r.kind != batchKind {
		codes = append(codes, "not_json", "invalid", "no_right")
	}
	return append(codes, r.needs...)
}

// describeProblem adds a code to the response of its status.
func (r *route) describeProblem(schemas huma.Registry, op *huma.Operation, code string) {
	k := kindOf(code)
	status := strconv.Itoa(k.status)
	resp := op.Responses[status]
	if resp == nil {
		resp = &huma.Response{
			Description: k.title + " (" + code + ")",
			Content:     content{media: mediaProblem, of: reflect.TypeFor[Problem]()}.describe(schemas, false),
		}
		op.Responses[status] = resp
		if k.retryAfter > 0 {
			resp.Headers = map[string]*huma.Param{"Retry-After": {Description: "Seconds.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
		}
		return
	}
	if !strings.Contains(resp.Description, "("+code+")") {
		resp.Description += ". " + k.title + " (" + code + ")"
	}
}

func (r *route) replyHeaders() map[string]*huma.Param {
	if r.open || r.kind != plainKind {
		return nil
	}
	h := map[string]*huma.Param{headerSeq: {Description: "Entry that the reply comes from.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	if r.posts {
		h[headerReplayed] = &huma.Param{Description: "true: decided before, under the same key.", Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return h
}

// describe gives a body its schema. Requests are strict: an unknown member is
// refused on write and ignored on read.
func (c content) describe(schemas huma.Registry, request bool) map[string]*huma.MediaType {
	media := &huma.MediaType{}
	if c.of != nil {
		media.Schema = schemas.Schema(c.of, true, "")
		if request {
			media.Schema = c.strict(schemas)
		}
	}
	return map[string]*huma.MediaType{c.media: media}
}

func (c content) strict(schemas huma.Registry) *huma.Schema {
	ref := schemas.Schema(c.of, true, "")
	s := schemas.SchemaFromRef(ref.Ref)
	if c.without == "" {
		s.AdditionalProperties = false
		return ref
	}
	rest := *s
	rest.Properties = make(map[string]*huma.Schema, len(s.Properties))
	for name, p := range s.Properties {
		if name != c.without {
			rest.Properties[name] = p
		}
	}
	rest.Required = slices.DeleteFunc(slices.Clone(s.Required), func(name string) bool { return name == c.without })
	rest.AdditionalProperties = false
	return &rest
}

func (p *param) describe() *huma.Param {
	return &huma.Param{Name: p.name, In: p.in, Description: p.doc, Required: p.in == "path", Schema: p.schema()}
}

func (p *param) schema() *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	switch p.kind {
	case number:
		low, high := float64(p.min), float64(p.max)
		s = &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &low}
		if p.max < maxInt {
			s.Maximum = &high
		}
		if p.in == "query" {
			s.Default = p.def
		}
	case text:
		low, high := 1, int(p.max)
		s.MinLength, s.MaxLength = &low, &high
	case code:
		for _, c := range p.enum {
			s.Enum = append(s.Enum, c)
		}
	case uuid:
		s.Format = "uuid"
	case day:
		s.Format = "date"
	}
	return s
}

// document makes the bytes of /openapi.json and /docs, once.
func (g *Gateway) document() error {
	doc := g.api.OpenAPI()
	for _, s := range doc.Components.Schemas.Map() {
		noNulls(s)
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("write openapi document: %w", err)
	}
	g.openAPI = append(b, '\n')
	g.docs, err = docsPage(doc, g.routes)
	if err != nil {
		return fmt.Errorf("write docs page: %w", err)
	}
	return nil
}

// noNulls says that lists are never null: nothing on this wire is.
func noNulls(s *huma.Schema) {
	s.Nullable = false
	for _, p := range s.Properties {
		noNulls(p)
	}
	if s.Items != nil {
		noNulls(s.Items)
	}
}

func (c *call) showOpenAPI() error {
	c.send(http.StatusOK, 0, c.openAPI)
	return nil
}
