package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

func skip(org string, to int64) *events.MailboxSkipped {
	return &events.MailboxSkipped{Organisation: org, To: to}
}

// Only the General Secretariat permits anything, of a mailbox that is there, and
// beyond what is decided and permitted: each refusal says which it is.
func TestMailboxSkipIsRefused(t *testing.T) {
	l := newTown(t)
	l.pure = true
	l.accept(secretary, customs("CL-CUSTOMS", "CL")) // has no agreement, and sends nothing
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	l.accept("NCB-AA", record("stolen", "2", serial("KTO44171")))
	l.accept(secretary, skip("NCB-BB", 7))
	for name, c := range map[string]struct {
		sender, code, pointer string
		body                  *events.MailboxSkipped
	}{
		"by an NCB":                   {"NCB-AA", "no_right", "", skip("NCB-AA", 10)},
		"by an NCB, of another":       {"NCB-AA", "no_right", "", skip("NCB-BB", 10)},
		"by whoever has an agreement": {"WCO", "no_right", "", skip("WCO", 10)},
		"of a stranger":               {secretary, "organisation_unknown", "/organisation", skip("NCB-XX", 10)},
		"of who sends nothing":        {secretary, "mailbox_unknown", "/organisation", skip("CL-CUSTOMS", 10)},
		"before what is decided":      {secretary, "offset_decided", "/to", skip("NCB-AA", 1)},
		"at what is decided":          {secretary, "offset_decided", "/to", skip("NCB-AA", 2)},
		"at what is permitted":        {secretary, "already_skipped", "/to", skip("NCB-BB", 7)},
		"before what is permitted":    {secretary, "already_skipped", "/to", skip("NCB-BB", 1)},
	} {
		e := l.send(c.sender, c.body)
		require.Equal(t, events.Rejected, e.Verdict, name)
		require.Equal(t, []events.FieldError{{Pointer: c.pointer, Code: c.code}}, e.Errors, name)
		require.Empty(t, e.Effects, name)
		for _, said := range registry.Explain(e) {
			require.NotEmpty(t, said.Message)
			require.NotEmpty(t, said.Hint)
		}
	}
	require.Zero(t, l.s.Passable("NCB-AA"))
	require.EqualValues(t, 7, l.s.Passable("NCB-BB"))
	next := l.s.Decided("NCB-AA") // its refused requests are decided, too
	require.EqualValues(t, 4, next)
	l.accept(secretary, skip("NCB-AA", next+1))
	l.accept(secretary, skip("NCB-BB", 8))
	require.EqualValues(t, next+1, l.s.Passable("NCB-AA"))
	require.EqualValues(t, 8, l.s.Passable("NCB-BB"))
}

// What is permitted says where the mailbox stood; its organisation is told once,
// what it has to do, and by its parent where it has no inbox of its own.
func TestMailboxSkipIsTold(t *testing.T) {
	l := newTown(t)
	ne := national("NE-AA", "AR", "NCB-AA")
	ne.Inbox = false
	l.accept(secretary, ne)
	for range 3 {
		l.send("NCB-BB", search(serial("KTO44170")))
	}
	had := l.s.InboxLen("NCB-BB")
	e := l.accept(secretary, skip("NCB-BB", 1042))
	require.Equal(t, []events.Effect{
		events.NotifyEffect{Org: "NCB-BB", N: had + 1, Reason: "mailbox_skipped", About: events.About{Kind: "mailbox", ID: "NCB-BB"}},
		events.MailboxSkippedEffect{Org: "NCB-BB", From: 3, To: 1042},
	}, e.Effects)
	note := l.note(l.view(), "NCB-BB", had+1)
	require.Equal(t, "mailbox_skipped", note.Reason)
	require.Equal(t, events.NotificationBody{Mailbox: &events.MailboxNews{Organisation: "NCB-BB", From: 3, To: 1042}}, note.Body)
	reply, err := l.view().Reply(t.Context(), e)
	require.NoError(t, err)
	require.Equal(t, "skipped", reply.Status)
	require.Equal(t, "NCB-BB", reply.ID)

	again := l.decide(l.inputs[len(l.inputs)-1])
	require.Equal(t, events.Duplicate, again.Verdict)
	require.Equal(t, e.Seq, again.Of)
	require.Equal(t, had+1, l.s.InboxLen("NCB-BB"), "once")

	told := effectsOf[events.NotifyEffect](l.accept(secretary, skip("NE-AA", 5)))
	require.Len(t, told, 1)
	require.Equal(t, "NCB-AA", told[0].Org)
	require.Equal(t, "NE-AA", l.note(l.view(), "NCB-AA", told[0].N).Body.Mailbox.Organisation)
	require.Equal(t, had+1, l.s.InboxLen("NCB-BB"))
	require.Zero(t, l.s.InboxLen(secretary), "its reply tells the General Secretariat")
}

// Of each mailbox the state knows what the journal says: up to where it is
// decided, and what may be passed over until then.
func TestMailboxFrontierAgainstJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLeader(t)
		orgs := []string{"NCB-AA", "NCB-BB"}
		l.accept(secretary, ncb(orgs[0], "AR"))
		l.accept(secretary, ncb(orgs[1], "BR"))
		passable := map[string]int64{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			org := pick(t, "org", orgs...)
			if chance(t, "skip", 30) {
				to := int64(rapid.IntRange(1, 30).Draw(t, "to"))
				e := l.send(secretary, skip(org, to))
				require.Equal(t, to > l.offs[org] && to > passable[org], e.Verdict == events.Accepted)
				if e.Verdict == events.Accepted {
					passable[org] = to
				}
			} else {
				in := l.input(org, search(serial("KTO44170")))
				in.Span = int64(rapid.IntRange(1, 4).Draw(t, "span"))
				l.decideNow(in)
			}
			for _, org := range orgs {
				require.Equal(t, l.offs[org], l.s.Decided(org))
				want := passable[org]
				if want <= l.offs[org] {
					want = 0
				}
				require.Equal(t, want, l.s.Passable(org))
			}
		}
		again := registry.New()
		for _, e := range l.journal {
			again.Evolve(stored(t, e), nil)
		}
		require.Equal(t, l.s.Hash(), again.Hash())
	})
}

// Frontier and permission are part of what two nodes must agree on.
func TestMailboxSkipIsHashed(t *testing.T) {
	for what, change := range map[string]func(*events.Entry){
		"permission": func(e *events.Entry) {
			e.Effects = []events.Effect{events.MailboxSkippedEffect{Org: "NCB-AA", From: 1, To: 9}}
		},
		"frontier": func(e *events.Entry) { e.Span++ },
	} {
		l := newTown(t)
		e := *l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
		var hashes [2][32]byte
		for i := range hashes {
			s := registry.New()
			for _, before := range l.journal[:e.Seq] {
				s.Evolve(before, nil)
			}
			if i == 1 {
				change(&e)
			}
			s.Evolve(&e, nil)
			hashes[i] = s.Hash()
		}
		require.NotEqual(t, hashes[0], hashes[1], what)
	}
}
