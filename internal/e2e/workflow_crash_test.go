package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// move is one step of a workflow: who sends what where. Match and trace are the
// ids that earlier moves came to.
type move struct {
	org  events.OrgID
	path func(match, trace string) string
	body string
}

func at(path string) func(string, string) string {
	return func(string, string) string { return path }
}

func ofMatch(path string) func(string, string) string {
	return func(match, _ string) string { return "/v1/matches/" + match + path }
}

func ofTrace(path string) func(string, string) string {
	return func(_, trace string) string { return "/v1/traces/" + trace + path }
}

// workflow walks a match and a trace from beginning to end.
var workflow = []move{
	{"NCB-BR", at("/v1/records"), record("held", "WF20770", "seized", "")},
	{"NCB-PY", at("/v1/records"), record("gone", "WF20770", "stolen", "")},
	{"NCB-BR", ofMatch("/confirmation-requests"), `{"urgency":"urgent","compared":["serial","make"]}`},
	{"NCB-PY", ofMatch("/confirmations"), `{"answer":"need_more_time"}`},
	{"NCB-PY", ofMatch("/confirmations"), `{"answer":"confirmed","action":"hold_and_contact"}`},
	{"NCB-BR", at("/v1/traces"), `{"urgency":"routine","illicit_basis":["not_marked"],"intended_use":"criminal_investigation","domestic_check":"done",` +
		`"firearm":{"type":"revolver","make":"taurus","marks":[{"kind":"serial","status":"readable","text":"WF99999"}]},"incident":{"country":"BR"},"addressees":["NCB-CL"]}`},
	{"NCB-CL", ofTrace("/responses"), `{"status":"acknowledged"}`},
	{"NCB-BR", ofTrace("/comments"), `{"code":"photo_needed"}`},
	{"NCB-CL", ofTrace("/responses"), `{"status":"failed","failure":"not_in_records"}`},
	{"NCB-BR", ofTrace("/closure"), `{"outcome":"not_established"}`},
}

// walker sends the moves, each under an idempotency key of its own, so that the
// same move of two worlds is the same request.
type walker struct {
	match, trace string
	world        world
}

func (k *walker) send(ctx context.Context, i int) (answered, error) {
	m := workflow[i]
	return k.world.try(ctx, http.MethodPost, m.org, m.path(k.match, k.trace), m.body, []string{"Idempotency-Key", fmt.Sprint("workflow-", i)})
}

// took notes what a move came to.
func (k *walker) took(i int, a answered) {
	r := a.reply(k.world.t)
	for _, m := range r.Matches {
		k.match = m.MatchID.String()
	}
	if workflow[i].org == "NCB-BR" && workflow[i].path("", "") == "/v1/traces" {
		k.trace = r.ID
	}
}

// TestWorkflowsSurviveCrashes kills the process in each move of a confirmation
// and of a trace, repeats the move, and holds that everybody is told what they
// are told in a world without crashes: each thing once, in the same order.
func TestWorkflowsSurviveCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the program twenty times")
	}
	engine := embeddedtest.Engine(t)
	calm := begin(t, single.Config{})
	quietly := &walker{world: *calm}
	for i := range workflow {
		a, err := quietly.send(within(t), i)
		require.NoError(t, err)
		quietly.took(i, a)
	}

	w := begin(t, single.Config{Dir: t.TempDir(), Engine: engine})
	keys := w.keys
	w.stop()
	x := &crashes{t: t, dir: w.cfg.Dir, key: keys["NCB-BR"], cfg: single.Config{Listen: freeAddr(t), Kafka: freeAddr(t)}}
	x.url = "http://" + x.cfg.Listen
	x.bureau = user(t, x.url, x.key)
	k := &walker{world: world{Single: &single.Single{URL: x.url}, t: t, keys: keys}}
	points := []string{"leader.4.before", "leader.5.before", "leader.5.after", "leader.6.before", "leader.6.after"}
	for i := range workflow {
		s := x.start(points[i%len(points)] + "=kill@1")
		require.True(t, <-s.ready, "%s", &s.said)
		ctx, cancel := context.WithTimeout(within(t), 10*time.Second)
		_, _ = k.send(ctx, i) // answered or not: the process dies meanwhile
		cancel()
		<-s.done
		s = x.start("")
		require.True(t, <-s.ready, "%s", &s.said)
		a, err := k.send(within(t), i)
		require.NoError(t, err)
		k.took(i, a)
		s.kill()
		<-s.done
	}
	s := x.start("")
	require.True(t, <-s.ready, "%s", &s.said)
	require.Equal(t, quietly.match, k.match)
	require.Equal(t, quietly.trace, k.trace)
	for _, org := range parties {
		require.Equal(t, toldOf(calm.inbox(org)), toldOf(k.world.inbox(org)), org)
	}
	r := x.bureau.run("fsck", "--data", x.dir)
	require.Zero(t, r.code, "%s%s", r.out, r.err)
	s.kill()
	<-s.done
}

// toldOf is what an inbox says, without when it was said.
func toldOf(inbox []events.Notification) (told []string) {
	for _, n := range inbox {
		told = append(told, fmt.Sprint(n.N, n.Role, n.Reason, n.About))
	}
	return told
}
