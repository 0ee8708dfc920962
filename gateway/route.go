package gateway

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// route is one operation of the API: what it takes, who may call it, what it
// answers, and the handler. The router, the role check, the bounds and the
// OpenAPI document are all made from it.
type route struct {
	method string
	path   string
	id     string // operationId
	tag    string
	doc    string // one line
	open   bool   // needs no credential
	early  bool   // is answered before the state may be shown
	roles  []Role // any of them; nil = every credential
	kind   boundKind
	params []param
	body   *content // nil = no body is read
	posts  bool     // appends to the mailbox: idempotency and its problems
	needs  []string // problem codes beyond those of every route
	ok     []answer
	serve  func(*call) error
}

// content is a body as the document describes it.
type content struct {
	media   string
	of      reflect.Type // nil = described in words alone
	without string       // a member of it that the path says
	doc     string
}

// answer is a reply that is no problem.
type answer struct {
	status int
	doc    string
	content
}

const (
	mediaJSON    = "application/json"
	mediaNDJSON  = "application/x-ndjson"
	mediaProblem = "application/problem+json"
	mediaEvents  = "text/event-stream"
)

func jsonOf[T any]() content { return content{media: mediaJSON, of: reflect.TypeFor[T]()} }

func answers[T any](status int, doc string) answer {
	return answer{status: status, doc: doc, content: jsonOf[T]()}
}

// mount puts the routes on the mux through huma's adapter and describes them
// in its document.
func (g *Gateway) mount(mux *http.ServeMux) {
	g.api = humago.New(mux, documentConfig(g.cfg.Version))
	for _, r := range g.routes {
		op := describe(g.api.OpenAPI().Components.Schemas, r)
		g.api.OpenAPI().AddOperation(op)
		g.api.Adapter().Handle(op, func(ctx huma.Context) {
			req, w := humago.Unwrap(ctx)
			g.handle(r, w, req)
		})
	}
}

// handle runs one call; what it returns as an error is told as a problem.
func (g *Gateway) handle(rt *route, w http.ResponseWriter, r *http.Request) {
	rw := w.(*responseWriter) // outermost made it
	rw.route = rt
	c := &call{Gateway: g, w: rw, r: r, route: rt}
	if err := c.run(); err != nil {
		c.fail(err)
	}
}
