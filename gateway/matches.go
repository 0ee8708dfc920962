package gateway

import (
	"context"
	"net/http"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Match is a match or a candidate as its reader may see it.
type Match struct {
	ID         events.UUID       `json:"id"`
	Seq        uint64            `json:"seq" doc:"Entry of its last change."`
	At         string            `json:"at" doc:"RFC 3339, UTC"`
	Class      string            `json:"class" doc:"alert, custody, duplicate, prior_sighting"`
	Status     string            `json:"status" doc:"candidate, notified, asked, confirmed, ended"`
	Because    string            `json:"because,omitempty" doc:"Why it ended."`
	Asker      events.OrgID      `json:"asker"`
	Owner      events.OrgID      `json:"owner"`
	Policy     string            `json:"policy,omitempty" doc:"The matching policy that decided."`
	Rule       *int              `json:"rule,omitempty" doc:"Index of its rule; -1 = none held."`
	Bits       uint32            `json:"bits,omitempty" doc:"Strength of the mark in thousandths of a bit."`
	Shared     bool              `json:"shared,omitempty" doc:"The number stands on several weapons."`
	Match      *events.MatchView `json:"match,omitempty" doc:"What was compared, and the record in short."`
	Question   *events.Summary   `json:"question,omitempty" doc:"Who asks; to the owner and the General Secretariat."`
	YourRecord *events.UUID      `json:"your_record,omitempty"`
	YourSearch *events.UUID      `json:"your_search,omitempty"`
	Other      *events.UUID      `json:"other_record,omitempty" doc:"The other side's record: in full under /v1/records, where its handling allows."`

	Confirmation *events.ConfirmationView `json:"confirmation,omitempty" doc:"Who has asked whether the two are one weapon, until when an answer is due, and the answer."`
}

// showMatch answers from state and journal.
func (c *call) showMatch() error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	var info registry.MatchInfo
	var other events.UUID
	found, readable := false, false
	err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		info, found = s.Match(c.org(), c.id("id"))
		other, readable = s.OtherRecord(c.org(), c.id("id"))
	})
	if err != nil {
		return err
	}
	if !found {
		return notFound() // the same for one that is withheld as for none
	}
	e, err := c.cfg.View.Entry(c.r.Context(), info.Seq)
	if err != nil {
		return err
	}
	m := Match{
		ID: info.ID, Seq: info.Seq, At: timeText(e.At), Class: info.Class, Status: info.Status, Because: info.Because,
		Asker: info.Asker, Owner: info.Owner,
	}
	if info.Owner == c.org() {
		m.YourRecord = &info.Record
	}
	if info.Asker == c.org() {
		m.YourSearch = &info.Question
	}
	if readable {
		m.Other = &other
	}
	if err := c.explain(&m, e); err != nil {
		return err
	}
	if info.Asked != nil {
		view, err := c.cfg.View.Confirmation(c.r.Context(), m.ID, info.Asked)
		if err != nil {
			return err
		}
		m.Confirmation = &view
	}
	if err := c.logAccess(whatMatch, m.ID, m.Seq, false); err != nil {
		return err
	}
	return c.json(http.StatusOK, m.Seq, m)
}

// explain adds what was compared. A match that ended has only its ending there:
// what met stands in the list's row and in the notification.
func (c *call) explain(m *Match, e *events.Entry) error {
	meeting, tells := meetingOf(e, m.ID)
	if meeting == nil {
		return nil
	}
	m.Policy, m.Rule, m.Bits, m.Shared = meeting.Policy, &meeting.Rule, meeting.Bits, meeting.Shared
	for _, t := range tells {
		if t.Org != c.org() {
			continue
		}
		n, err := c.cfg.View.Notification(c.r.Context(), e, t.Org, t.N)
		m.Match, m.Question = n.Body.Match, n.Body.Question
		return err
	}
	view, err := c.cfg.View.Meeting(c.r.Context(), meeting)
	m.Match = &view
	return err
}

func meetingOf(e *events.Entry, id events.UUID) (*events.Meeting, []events.Tell) {
	for _, x := range e.Effects {
		switch x := x.(type) {
		case *events.MatchEffect:
			if x.ID == id {
				return &x.Meeting, x.Tell
			}
		case *events.MatchRenewedEffect:
			if x.ID == id {
				return &x.Meeting, x.Tell
			}
		case *events.CandidateEffect:
			if x.ID == id {
				return &x.Meeting, nil
			}
		}
	}
	return nil, nil
}

func (c *call) listMatches() error {
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[MatchRow], error) {
		return t.Matches(ctx, c.org(), MatchQuery{PageQuery: q, Status: c.text("status")})
	})
}

// postMatch serves a request about the match that the path names.
func postMatch(t events.Type) func(*call) error {
	return func(c *call) error {
		body, err := c.body(events.MaxBody)
		if err != nil {
			return err
		}
		return c.submit(t, splice(body, `"match_id":"`+c.id("id").String()+`"`))
	}
}
