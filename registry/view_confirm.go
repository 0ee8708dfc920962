package registry

import (
	"context"
	"fmt"

	"github.com/armslog/armslog/events"
)

// Confirmation renders how a confirmation stands now.
func (v View) Confirmation(ctx context.Context, match events.UUID, info *ConfirmationInfo) (events.ConfirmationView, error) {
	e, err := v.Entries.Entry(ctx, info.Seq)
	if err != nil {
		return events.ConfirmationView{}, fmt.Errorf("read entry %d: %w", info.Seq, err)
	}
	for _, x := range e.Effects {
		if x, ok := x.(*events.ConfirmationEffect); ok && x.ID == match {
			view, err := v.confirmation(ctx, e, x)
			if info.Status == confirmationStages[stageOverdue] || info.Status == confirmationStages[stageEscalated] {
				view.DueAt = stamp(info.Due)
			}
			return view, err
		}
	}
	return events.ConfirmationView{}, fmt.Errorf("render confirmation: entry %d does not carry it", info.Seq)
}

// confirmation is how it stood with entry e. Who asked and what was compared
// stand in the entry of the request; erased, that it was asked remains.
func (v View) confirmation(ctx context.Context, e *events.Entry, x *events.ConfirmationEffect) (events.ConfirmationView, error) {
	request, err := e, error(nil)
	if x.Requested != e.Seq {
		if request, err = v.Entries.Entry(ctx, x.Requested); err != nil {
			return events.ConfirmationView{}, fmt.Errorf("read entry %d: %w", x.Requested, err)
		}
	}
	view := events.ConfirmationView{
		MatchID: x.ID, Status: x.Status, AskedBy: x.Asking, Asked: x.Asked, AskedAt: stamp(request.At), Urgency: x.Urgency,
	}
	if b, ok := bodyOf(request).(*events.ConfirmationRequested); ok {
		view.Compared, view.CaseNumber = b.Compared, b.CaseNumber
	}
	switch x.Status {
	case "requested":
		view.Status, view.DueAt = confirmationStages[stageAsked], stamp(int64(x.Due))
	case "answered":
		answer(&view, e, request.At, x)
	}
	return view, nil
}

// answer adds what was answered, and how long it took.
func answer(view *events.ConfirmationView, e *events.Entry, asked int64, x *events.ConfirmationEffect) {
	took := uint64(e.At-asked) / 1000
	view.Status, view.AnsweredAt, view.ResponseSeconds = x.Answer, stamp(e.At), &took
	if x.Due > 0 {
		view.DueAt = stamp(int64(x.Due))
	}
	if b, ok := bodyOf(e).(*events.ConfirmationAnswered); ok {
		view.Action, view.AnswerCase = b.Action, b.CaseNumber
	}
	if !x.Located.IsZero() {
		view.Located = &events.Location{RecordID: x.Located, MatchID: x.ID, By: x.LocatedBy, ActingFor: x.LocatedFor}
	}
}

// replyConfirmation tells the sender of a request or an answer what it came to.
func (v View) replyConfirmation(ctx context.Context, e *events.Entry, x *events.ConfirmationEffect, r *events.Reply) error {
	view, err := v.confirmation(ctx, e, x)
	r.Status, r.ID, r.Confirmation = view.Status, x.ID.String(), &view
	return err
}

// fillConfirmation tells a party how a confirmation stands, with the match as
// that party sees it.
func (v View) fillConfirmation(ctx context.Context, note *events.Notification, e *events.Entry, x *events.ConfirmationEffect) error {
	note.Reason, note.About = "confirmation_"+x.Status, aboutMatch(x.ID)
	if x.Status == "escalated" {
		note.Reason = "confirmation_overdue"
	}
	view, err := v.confirmation(ctx, e, x)
	if err != nil {
		return err
	}
	note.Body.Confirmation = &view
	return v.fillMet(ctx, note, x.ID, x.Met)
}

// fillMet is fillMatch of a pair that met in an earlier entry.
func (v View) fillMet(ctx context.Context, note *events.Notification, id events.UUID, met uint64) error {
	e, err := v.Entries.Entry(ctx, met)
	if err != nil {
		return fmt.Errorf("read entry %d: %w", met, err)
	}
	for _, x := range e.Effects {
		if m := meetingOf(x); m != nil && m.ID == id {
			return v.fillMatch(ctx, note, m)
		}
	}
	return fmt.Errorf("render match: entry %d does not carry it", met)
}

func meetingOf(x events.Effect) *events.Meeting {
	switch x := x.(type) {
	case *events.MatchEffect:
		return &x.Meeting
	case *events.MatchRenewedEffect:
		return &x.Meeting
	case *events.CandidateEffect:
		return &x.Meeting
	}
	return nil
}
