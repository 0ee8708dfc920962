package gateway

import (
	"net/http"
	"time"
)

// Header names of the API.
const (
	headerSeq        = "Armslog-Seq"
	headerOnBehalfOf = "Armslog-On-Behalf-Of"
	headerPurpose    = "Armslog-Purpose"
	headerReplayed   = "Idempotent-Replayed"
	headerKey        = "Idempotency-Key"
)

// responseWriter knows which route answers and with what status. As long as no
// route has claimed the request, what is written comes from the mux, which says
// "not found" and "method not allowed" in plain text: it becomes a problem.
type responseWriter struct {
	http.ResponseWriter
	route   *route
	status  int
	started time.Time
	send    time.Duration // for the answer, from its first byte on
}

func (g *Gateway) wrap(w http.ResponseWriter) *responseWriter {
	rw := &responseWriter{ResponseWriter: w, started: time.Now(), send: g.cfg.Bounds.SendTimeout}
	// The connection may still bear the deadline of the request before.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	return rw
}

// extend gives a reader that takes what is sent as long again.
func (w *responseWriter) extend() {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.send))
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if w.route == nil {
		w.refuse(status)
		return
	}
	w.status = status
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

// refuse answers for the mux. A redirect to a cleaned path is "not found" too:
// no path of this API needs cleaning.
func (w *responseWriter) refuse(status int) {
	p := newProblem("not_found", "no such path")
	if status == http.StatusMethodNotAllowed {
		p = newProblem("method_not_allowed", "this path takes: "+w.Header().Get("Allow"))
	}
	w.Header().Del("Location")
	w.Header().Del("Content-Length")
	w.status = p.Status
	w.extend()
	p.write(w.ResponseWriter)
}

func (w *responseWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.route == nil {
		return len(b), nil // the mux's own words
	}
	return w.ResponseWriter.Write(b)
}
