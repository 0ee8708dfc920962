package gateway

import (
	"bytes"
	"html/template"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The page is whole: no script, and nothing that a browser would fetch from
// somebody else. A registry may stand where there is no way out.
var docsTemplate = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#8882;padding:0 .2em}
h3{margin-bottom:0}table{border-collapse:collapse}td,th{text-align:left;padding:.1rem .8rem .1rem 0;vertical-align:top}</style></head><body>
<h1>{{.Title}} {{.Version}}</h1><p>{{.Description}} The machine's copy is <a href="/openapi.json">/openapi.json</a>.</p>
{{range .Operations}}<h3 id="{{.OperationID}}"><code>{{.Method}} {{.Path}}</code></h3><p>{{.Summary}} {{.Description}}</p>
<table>{{range .Parameters}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}</td><td>{{.Description}}</td></tr>{{end}}
{{range $status, $r := .Responses}}<tr><td>{{$status}}</td><td></td><td>{{$r.Description}}</td></tr>{{end}}</table>
{{end}}<h2>Codes</h2><table><tr><th>code</th><th>status</th><th></th></tr>
{{range .Codes}}<tr id="{{.Code}}"><td><code>{{.Code}}</code></td><td>{{.Status}}</td><td>{{.Title}}</td></tr>
{{end}}</table><p>Every other code is 422: the body says what is wrong, field by field.</p></body></html>
`))

type docsCode struct {
	Code   string
	Status int
	Title  string
}

func docsPage(doc *huma.OpenAPI, routes []*route) ([]byte, error) {
	data := struct {
		Title, Version, Description string
		Operations                  []*huma.Operation
		Codes                       []docsCode
	}{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	for _, r := range routes {
		data.Operations = append(data.Operations, operation(doc, r))
	}
	for _, code := range slices.Sorted(maps.Keys(problemKinds)) {
		k := problemKinds[code]
		data.Codes = append(data.Codes, docsCode{code, k.status, k.title})
	}
	var b bytes.Buffer
	err := docsTemplate.Execute(&b, data)
	return b.Bytes(), err
}

func operation(doc *huma.OpenAPI, r *route) *huma.Operation {
	item := doc.Paths[r.path]
	switch r.method {
	case http.MethodGet:
		return item.Get
	case http.MethodPut:
		return item.Put
	}
	return item.Post
}

func (c *call) showDocs() error {
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(c.docs)
	return nil
}

func (c *call) showMetrics() error {
	promhttp.HandlerFor(c.cfg.Metrics, promhttp.HandlerOpts{}).ServeHTTP(c.w, c.r)
	return nil
}
