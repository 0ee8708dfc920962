package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// Try folds what the journal holds, as a node does.
func (l *fakeLog) Try(ctx context.Context, policy []byte, progress func(folded, all uint64) error) (registry.TrialResult, error) {
	t, err := registry.NewTrial(policy)
	if err != nil {
		return registry.TrialResult{}, err
	}
	l.mu.RLock()
	entries := l.entries
	l.mu.RUnlock()
	for _, e := range entries {
		if err := t.Fold(e, nil); err != nil {
			return registry.TrialResult{}, err
		}
		if err := progress(t.Entries(), uint64(len(entries))); err != nil {
			return registry.TrialResult{}, err
		}
	}
	return t.Result()
}

// loudPolicy notifies of whatever meets.
func loudPolicy(name string) string {
	return fmt.Sprintf(`{"policy":%q,"bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[],"else":"notify"}`, name)
}

func newPolicyWorld(t *testing.T) *world {
	w := newWorld(t)
	w.post("NCB-BR", "/v1/records", recordBody("1", "387"))
	w.post("WCO", "/v1/searches", searchBody("387"))
	return w
}

func TestShowPolicy(t *testing.T) {
	w := newPolicyWorld(t)
	var p, early Policy
	var reply struct{ Seq uint64 }
	w.post("IPSG", "/v1/policy", loudPolicy("loud")).into(t, http.StatusOK, &reply)
	a := w.get("NCB-BR/searcher", "/v1/policy")
	a.into(t, http.StatusOK, &p)
	require.Equal(t, fmt.Sprint(reply.Seq), a.header.Get(headerSeq))
	require.Equal(t, PolicySpan{"loud", reply.Seq, "2026-11-23T12:00:00Z"}, p.PolicySpan)
	require.Equal(t, []PolicySpan{{"2026-11-23.1", 0, "2026-11-23T12:00:00Z"}, p.PolicySpan}, p.History)
	table, err := json.Marshal(p.Table)
	require.NoError(t, err)
	require.JSONEq(t, loudPolicy("loud"), string(table))
	require.Equal(t, &Reexamination{Of: reply.Seq, Left: 2, All: 2}, p.Reexamination)

	w.get("NCB-BR", fmt.Sprint("/v1/policy?at_seq=", reply.Seq-1)).into(t, http.StatusOK, &early)
	table, err = json.Marshal(early.Table)
	require.NoError(t, err)
	require.JSONEq(t, string(schemas.DefaultPolicy()), string(table))
	require.Equal(t, "2026-11-23.1", early.Policy)

	p1 := w.post("IPSG", "/v1/policy", strings.Replace(loudPolicy("loud"), "14", "15", 1)).problem(t, http.StatusUnprocessableEntity, "policy_name_taken")
	require.Equal(t, "/policy", p1.Errors[0].Pointer)
	require.Contains(t, p1.Errors[0].Message, "loud")
}

// A trial tells what would differ, and leaves nothing behind.
func TestTryPolicy(t *testing.T) {
	w := newPolicyWorld(t)
	before, hash := len(w.log.entries), w.log.state.Hash()
	lines := tried(t, w.post("IPSG", "/v1/policy:try", loudPolicy("loud")))
	require.EqualValues(t, before, lines[0].Progress.Of)
	r := lines[len(lines)-1].Result
	require.EqualValues(t, before, r.Entries)
	require.EqualValues(t, 3, r.Added.Notifications)
	require.EqualValues(t, 1, r.Added.Matches)
	require.EqualValues(t, 1, r.Gone.Candidates)
	require.Zero(t, r.Gone.Notifications)
	require.Len(t, r.Added.Examples, 3)
	require.Contains(t, r.Counts, registry.TrialCount{By: "strength", Value: "weak", Added: 3})
	told, err := json.Marshal(lines)
	require.NoError(t, err)
	require.NotContains(t, string(told), `"387"`, "no mark is told")
	require.Len(t, w.log.entries, before)
	require.Equal(t, hash, w.log.state.Hash())
	r = tried(t, w.post("IPSG", "/v1/policy:try", string(schemas.DefaultPolicy())))[1].Result
	require.Zero(t, r.Added.Notifications+r.Gone.Notifications+r.Added.Candidates+r.Gone.Candidates)
}

func tried(t *testing.T, a answered) (lines []TrialLine) {
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	for line := range bytes.Lines(a.body) {
		var l TrialLine
		require.NoError(t, json.Unmarshal(line, &l))
		lines = append(lines, l)
	}
	return lines
}

func TestTryPolicyIsRefused(t *testing.T) {
	w := newPolicyWorld(t)
	w.post("NCB-BR", "/v1/policy:try", loudPolicy("loud")).problem(t, http.StatusForbidden, "no_right")
	w.post("IPSG/desk", "/v1/policy:try", loudPolicy("loud")).problem(t, http.StatusForbidden, "no_role")
	p := w.post("IPSG", "/v1/policy:try", `{"policy":"x","bits":{"fair":30,"strong":26},"shared_cases":3,"rules":[{"grade":["best"],"strength":["fair"],"then":"notify"}],"else":"nothing"}`).
		problem(t, http.StatusUnprocessableEntity, "invalid")
	require.Equal(t, "/bits/strong", p.Errors[0].Pointer)
	require.Equal(t, "/rules/0/grade/0", p.Errors[1].Pointer)
	require.Contains(t, p.Errors[1].Message, `"best" is none of`)
	without := newWorld(t, func(c *Config) { c.Trials = nil })
	without.post("IPSG", "/v1/policy:try", loudPolicy("loud")).problem(t, http.StatusServiceUnavailable, "unavailable")
}

// heldTrial is a trial that goes on until its caller goes.
type heldTrial struct{ begun, ended chan struct{} }

func (h heldTrial) Try(ctx context.Context, _ []byte, progress func(folded, all uint64) error) (registry.TrialResult, error) {
	if err := progress(1, 2); err != nil {
		return registry.TrialResult{}, err
	}
	close(h.begun)
	<-ctx.Done()
	close(h.ended)
	return registry.TrialResult{}, ctx.Err()
}

// One policy is tried at a time, until its caller goes.
func TestTryPolicyOneAtATime(t *testing.T) {
	h := heldTrial{make(chan struct{}), make(chan struct{})}
	w := newWorld(t, func(c *Config) { c.Trials = h })
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := w.client.Do(w.request("IPSG", http.MethodPost, "/v1/policy:try", strings.NewReader(loudPolicy("loud"))).WithContext(ctx))
	require.NoError(t, err)
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	require.JSONEq(t, `{"progress":{"entries":1,"of":2}}`, line)
	<-h.begun
	a := w.post("IPSG", "/v1/policy:try", loudPolicy("loud"))
	a.problem(t, http.StatusTooManyRequests, "trial_under_way")
	require.Equal(t, "10", a.header.Get("Retry-After"))
	cancel()
	<-h.ended
	_, _ = io.Copy(io.Discard, resp.Body)
}
