package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sort"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Policy is a matching policy, whole, and when which was in force.
type Policy struct {
	PolicySpan
	Table         any            `json:"table" doc:"The body of policy.set: the first rule that holds decides."`
	History       []PolicySpan   `json:"history" doc:"All that were ever in force, each until the next one's seq."`
	Reexamination *Reexamination `json:"reexamination,omitempty" doc:"Absent where all standing questions have been asked under the rules in force."`
}

// PolicySpan is since when a policy was in force.
type PolicySpan struct {
	Policy string `json:"policy"`
	Seq    uint64 `json:"seq" doc:"Entry that put it in force."`
	At     string `json:"at"`
}

// Reexamination is how far the standing questions have been asked again.
type Reexamination struct {
	Of   uint64 `json:"of" doc:"Entry since which policy or reference table are as they are."`
	Left int    `json:"left" doc:"Firearms still to be looked at."`
	All  int    `json:"all"`
}

// TrialLine is one line that a trial answers.
type TrialLine struct {
	Progress *TrialProgress        `json:"progress,omitempty"`
	Result   *registry.TrialResult `json:"result,omitempty" doc:"The last line."`
	Error    *Problem              `json:"error,omitempty" doc:"The last line, where there is no result."`
}

// TrialProgress is how far the journal has been folded.
type TrialProgress struct {
	Entries uint64 `json:"entries"`
	Of      uint64 `json:"of"`
}

func policyRoutes() []*route {
	policyBody := &content{media: mediaJSON, doc: "policy.set: the table of the matching policy."}
	return []*route{
		{
			method: http.MethodGet, path: "/v1/policy", id: "show-policy", tag: "Policy", doc: "The matching policy in force, now or at a seq.",
			params: []param{queryNumber("at_seq", 1, maxInt, 0, "The policy in force when this entry was decided; absent: the one in force now."), minSeq()},
			needs:  []string{"lagging"}, ok: []answer{answers[Policy](200, "The whole of it.")}, serve: (*call).showPolicy,
		},
		{
			method: http.MethodPost, path: "/v1/policy", id: "set-policy", tag: "Policy", doc: "Put a matching policy in force.",
			roles: admins, params: postParams(), body: policyBody, posts: true,
			ok: []answer{answers[events.Reply](200, "In force from its seq on; standing questions are asked again.")}, serve: post(events.TypePolicySet),
		},
		{
			method: http.MethodPost, path: "/v1/policy:try", id: "try-policy", tag: "Policy",
			doc:   "Fold history under another policy, and tell which notifications would have been sent more, and fewer. Appends nothing.",
			roles: admins, kind: streamKind, body: policyBody, needs: []string{"too_large", "invalid", "no_right", "trial_under_way", "unavailable", "too_different"},
			ok: []answer{{status: 200, doc: "Progress, and as the last line the result.", content: content{
				media: mediaNDJSON, of: jsonOf[TrialLine]().of, doc: "A line of progress; as the last line result, or error.",
			}}},
			serve: (*call).tryPolicy,
		},
	}
}

func (c *call) showPolicy() error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	var all []registry.PolicyInfo
	p := Policy{History: []PolicySpan{}}
	err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		all = s.Policies()
		if x, under := s.Reexamination(); under {
			p.Reexamination = &Reexamination{Of: x.Of, Left: x.Left, All: x.All}
		}
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		p.History = append(p.History, PolicySpan{Policy: x.Name, Seq: x.Seq, At: time.UnixMilli(x.At).UTC().Format(time.RFC3339)})
	}
	at := len(all)
	if seq := c.number("at_seq"); seq > 0 {
		at = sort.Search(len(all), func(i int) bool { return all[i].Seq > seq })
	}
	if at == 0 {
		return notFound()
	}
	p.PolicySpan = p.History[at-1]
	if p.Table, err = c.policyTable(p.Seq); err != nil {
		return err
	}
	return c.json(http.StatusOK, p.Seq, p)
}

// policyTable is the table that an entry put in force.
func (c *call) policyTable(seq uint64) (json.RawMessage, error) {
	e, err := c.cfg.View.Entry(c.r.Context(), seq)
	if err != nil {
		return nil, err
	}
	body, _ := events.Read(e.Envelope.Type, e.Value)
	switch b := body.(type) {
	case *events.Genesis:
		return b.Policy, nil
	case *events.PolicySet:
		return b.Raw, nil
	}
	return nil, fmt.Errorf("read policy: entry %d sets none", seq)
}

// tryPolicy streams one trial at a time: each takes as much memory as the state.
func (c *call) tryPolicy() error {
	if err := c.isSecretariat(); err != nil {
		return err
	}
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	if errs := registry.PolicyProblems(body); len(errs) > 0 {
		p := newProblem("invalid", errs[0].Message)
		p.Errors = events.Explain(events.TypePolicySet, body, errs)
		return p
	}
	if c.cfg.Trials == nil {
		return newProblem("unavailable", "this node folds no journal")
	}
	if !c.trying.CompareAndSwap(false, true) {
		return newProblem("trial_under_way", "this node tries one policy at a time")
	}
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	return c.trial(ctx, body)
}

func (c *call) isSecretariat() error {
	var yes bool
	if err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { yes = s.Secretariat() == c.org() }); err != nil {
		return err
	}
	if !yes {
		return newProblem("no_right", "the General Secretariat tries policies")
	}
	return nil
}

// progressAfter is how long a trial is silent at most while it goes on.
const progressAfter = 500 * time.Millisecond

// try is over before its caller knows, who may come at once with another.
func (c *call) try(ctx context.Context, policy []byte, progress func(folded, all uint64) error) (registry.TrialResult, error) {
	defer c.trying.Store(false)
	return c.cfg.Trials.Try(ctx, policy, progress)
}

// trial tries a policy and tells what came of it.
func (c *call) trial(ctx context.Context, policy []byte) error {
	c.w.Header().Set("Content-Type", mediaNDJSON)
	c.w.Header().Set("Cache-Control", "no-store")
	c.w.Header().Set("X-Accel-Buffering", "no") // proxies: pass lines on as they come
	var last time.Time
	result, err := c.try(ctx, policy, func(folded, all uint64) error {
		if time.Since(last) < progressAfter {
			return ctx.Err()
		}
		last = time.Now()
		return c.trialLine(TrialLine{Progress: &TrialProgress{folded, all}})
	})
	switch {
	case errors.Is(err, registry.ErrTooDifferent):
		return c.trialLine(TrialLine{Error: newProblem("too_different", err.Error())})
	case err != nil && c.r.Context().Err() != nil:
		return err
	case err != nil:
		c.cfg.Log.Error("trial failed", "error", err)
		return c.trialLine(TrialLine{Error: problemOf(err)})
	}
	return c.trialLine(TrialLine{Result: &result})
}

func (c *call) trialLine(l TrialLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	c.w.extend()
	if _, err := c.w.Write(append(b, '\n')); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}
