package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

func TestDirectoryVerdicts(t *testing.T) {
	entity := func(change func(*events.OrganisationSubmitted)) *events.OrganisationSubmitted {
		o := national("NE-AA", "AR", "NCB-AA")
		change(o)
		return o
	}
	same := func(*events.OrganisationSubmitted) {}
	for name, c := range map[string]struct {
		send    func(l *leader) *events.Entry
		pointer string
		code    string
	}{
		"the General Secretariat names anybody": {send: func(l *leader) *events.Entry { return l.send(secretary, ncb("NCB-CC", "CL")) }},
		"an NCB names its entities":             {send: func(l *leader) *events.Entry { return l.send("NCB-AA", entity(same)) }},
		"an entity names nobody":                {func(l *leader) *events.Entry { return l.send("WCO", entity(same)) }, "", "no_right"},
		"an NCB names no NCB":                   {func(l *leader) *events.Entry { return l.send("NCB-AA", ncb("NCB-CC", "AR")) }, "/kind", "no_right"},
		"nor entities of another country": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", entity(func(o *events.OrganisationSubmitted) { o.Country = "BR" }))
		}, "/country", "no_right"},
		"nor under another parent": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", entity(func(o *events.OrganisationSubmitted) { o.Parent = "NCB-BB" }))
		}, "/parent", "no_right"},
		"nor those that another named": {func(l *leader) *events.Entry {
			l.accept(secretary, entity(func(o *events.OrganisationSubmitted) { o.Parent = "NCB-BB" }))
			return l.send("NCB-AA", entity(same))
		}, "/organisation_id", "not_owner"},
		"a parent that is not there": {func(l *leader) *events.Entry {
			return l.send(secretary, entity(func(o *events.OrganisationSubmitted) { o.Parent = "NCB-XX" }))
		}, "/parent", "parent_unknown"},
		"another kind": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", entity(same))
			return l.send(secretary, customs("NE-AA", "AR"))
		}, "/kind", "kind_fixed"},
		"a second General Secretariat": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.OrganisationSubmitted{OrganisationID: "IPSG-2", Kind: "general_secretariat", Name: "Another"})
		}, "/kind", "kind_fixed"},
		"an amendment": {send: func(l *leader) *events.Entry {
			l.accept("NCB-AA", entity(same))
			return l.send("NCB-AA", entity(func(o *events.OrganisationSubmitted) { o.Inbox = true }))
		}},
		"an agreement with nobody": {func(l *leader) *events.Entry {
			return l.send(secretary, agreement("AGR-1", "NCB-XX", "search"))
		}, "/grantee", "organisation_unknown"},
		"an agreement by an NCB with its entity": {send: func(l *leader) *events.Entry {
			l.accept("NCB-AA", entity(same))
			return l.send("NCB-AA", agreement("AGR-1", "NE-AA", "search"))
		}},
		"with another's": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", entity(same))
			return l.send("NCB-BB", agreement("AGR-1", "NE-AA", "search"))
		}, "/grantee", "no_right"},
		"with one that is not there, the same": {func(l *leader) *events.Entry {
			return l.send("NCB-BB", agreement("AGR-1", "NE-XX", "search"))
		}, "/grantee", "no_right"},
		"with itself": {func(l *leader) *events.Entry {
			return l.send("WCO", agreement("AGR-1", "WCO", "register"))
		}, "/grantee", "no_right"},
		"an id that is another's": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", entity(same))
			return l.send("NCB-AA", agreement("AGR-WCO", "NE-AA", "search"))
		}, "/agreement_id", "not_owner"},
		"another grantee": {func(l *leader) *events.Entry {
			return l.send(secretary, agreement("AGR-WCO", "FJ-CUSTOMS", "search"))
		}, "/grantee", "grantee_fixed"},
		"granted again": {send: func(l *leader) *events.Entry { return l.send(secretary, grants["AGR-WCO"]()) }},
		"for a time that is over": {func(l *leader) *events.Entry {
			a := agreement("AGR-1", "WCO", "search")
			a.ValidUntil = events.MustDate("2026-11-22")
			return l.send(secretary, a)
		}, "/valid_until", "valid_past"},
		"until today": {send: func(l *leader) *events.Entry {
			a := agreement("AGR-1", "WCO", "search")
			a.ValidUntil = events.MustDate("2026-11-23")
			return l.send(secretary, a)
		}},
		"for a time that ends before it begins": {func(l *leader) *events.Entry {
			a := agreement("AGR-1", "WCO", "search")
			a.ValidFrom, a.ValidUntil = events.MustDate("2030"), events.MustDate("2029-12-31")
			return l.send(secretary, a)
		}, "/valid_until", "dates_reversed"},
		"revoking nothing": {func(l *leader) *events.Entry {
			return l.send(secretary, revocation("AGR-X", "end"))
		}, "/agreement_id", "agreement_unknown"},
		"revoking another's, the same": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", revocation("AGR-WCO", "end"))
		}, "/agreement_id", "agreement_unknown"},
		"revoking twice": {func(l *leader) *events.Entry {
			l.accept(secretary, revocation("AGR-WCO", "end"))
			return l.send(secretary, revocation("AGR-WCO", "end"))
		}, "/agreement_id", "agreement_over"},
		"a policy by others": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", &events.PolicySet{Raw: genesis(l.t).Policy})
		}, "", "no_right"},
		"a policy that is none": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.PolicySet{Raw: []byte(`{"policy":"x","bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[],"else":"perhaps"}`)})
		}, "/else", "not_in_list"},
		"a reference entry by others": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", &events.ReferenceSubmitted{Name: "FAMAE", Kind: "make"})
		}, "", "no_right"},
		"a model of a make that there is not": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.ReferenceSubmitted{Name: "82", Kind: "model", Make: "make:TAS"})
		}, "/make", "reference_unknown"},
		"a type of no code": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.ReferenceSubmitted{Name: "pistola", Kind: "type"})
		}, "/type", "required"},
		"a serial form that runs backwards": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.ReferenceSubmitted{Name: "Glock", Kind: "make", SerialForms: []events.SerialForm{{Pattern: "[A-Z]"}, {Pattern: "[Z-A]"}}})
		}, "/serial_forms/1/pattern", "bad_format"},
		"a date code that counts from nothing": {func(l *leader) *events.Entry {
			return l.send(secretary, &events.ReferenceSubmitted{Name: "Glock", Kind: "make", SerialForms: []events.SerialForm{{Pattern: "[A-Z]", Year: &events.SerialCode{At: 1}}}})
		}, "/serial_forms/0/year/first", "required"},
		"a model of a make": {send: func(l *leader) *events.Entry {
			l.accept(secretary, &events.ReferenceSubmitted{Name: "Taurus", Kind: "make", Codes: map[string]string{"local": "TAS"}})
			return l.send(secretary, &events.ReferenceSubmitted{Name: "82", Kind: "model", Make: "make:TAS"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.send(newTown(t))
			if c.code != "" {
				rejects(t, e, c.pointer, c.code)
				return
			}
			want(t, e, events.Accepted)
			require.Len(t, effectsOf[events.DirectoryEffect](e), 1)
		})
	}
}

// Due work that is not due says so and does nothing: a leader may have been
// replaced between making and deciding it.
func TestDueWorkThatIsNotDue(t *testing.T) {
	for code, body := range map[string]events.Body{
		"agreement_over": &events.AgreementEnded{AgreementID: "AGR-X"},
		"nothing_due":    &events.DigestDue{Organisation: "WCO", Day: 20780},
	} {
		l := newTown(t)
		in := l.input(events.SourceRegistry, body)
		in.At = l.at
		require.Equal(t, []string{code}, codesOf(l.s.Decide(in)))
	}
	for _, body := range []events.Body{
		&events.RecordReviewDue{Organisation: "NCB-AA", Day: 20780, Months: 6}, &events.RecordExpired{Organisation: "NCB-AA", Day: 20780},
	} {
		l := newTown(t)
		in := l.input(events.SourceRegistry, body)
		in.At = l.at
		rejects(t, l.s.Decide(in), "/organisation", "nothing_due")
	}
	l := newTown(t)
	in := l.input(events.SourceRegistry, &events.EffectsContinued{Of: 3})
	in.At = l.at
	rejects(t, l.s.Decide(in), "/of", "nothing_due")
	in = l.input(events.SourceRegistry, record("stolen", "1", serial("KTO44170")))
	in.At = l.at
	rejects(t, l.s.Decide(in), "/headers/ce_type", "unknown_type")
}

func TestAgreementEndsByItself(t *testing.T) {
	l := newTown(t)
	a := agreement("AGR-FJ", "FJ-CUSTOMS", "search")
	a.ValidUntil = events.MustDate("2026-11-30")
	l.accept(secretary, a)
	require.Contains(t, l.s.Mailboxes(), "FJ-CUSTOMS")
	l.at = events.MustDate("2026-11-30").End() - 1
	require.Nil(t, l.due())
	l.at++
	e := l.due()
	require.Equal(t, events.TypeAgreementEnded, e.Envelope.Type)
	require.Equal(t, "ended", effectsOf[events.DirectoryEffect](e)[0].Outcome)
	require.Nil(t, l.due())
	for _, a := range l.s.Agreements("FJ-CUSTOMS") {
		require.Equal(t, "ended", a.Status)
	}
	require.Empty(t, l.s.Agreements("NCB-AA"), "others do not see it")
	require.Len(t, l.s.Agreements(secretary), 2)
}

func TestReadsOfTheDirectory(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", denying(record("stolen", "1", serial("KTO44170")), "NCB-GHOST"))
	_, ok := l.s.Organisation("NCB-GHOST")
	require.False(t, ok, "a deny list names nobody into the directory")
	var ids []string
	for _, o := range l.s.Organisations() {
		ids = append(ids, o.OrganisationID)
	}
	require.Equal(t, []string{secretary, "NCB-AA", "NCB-BB", "WCO", "FJ-CUSTOMS"}, ids)
	require.Equal(t, []string{secretary, "NCB-AA", "NCB-BB", "WCO"}, l.s.Mailboxes(), "a customs administration without access has none")
	require.Equal(t, []string{"search"}, l.s.Rights("WCO"))
	require.Equal(t, events.Rights.Codes(), l.s.Rights("NCB-AA"))
	require.Empty(t, l.s.Rights("FJ-CUSTOMS"))
	require.Empty(t, l.s.Rights("NCB-GHOST"))
	require.Equal(t, matching.DefaultPolicy().Name, l.s.PolicyName())
}

// Every code that Decide can give is in the table that puts codes into words.
func TestCodesHaveWords(t *testing.T) {
	known := events.Codes()
	found := 0
	check := func(code string) {
		found++
		require.Contains(t, known, code)
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			for _, code := range codesIn(n) {
				check(code)
			}
			return true
		})
	}
	require.Greater(t, found, 40)
	for _, code := range []string{
		matching.CodeMalformed, matching.CodeMissing, matching.CodeUnknown, matching.CodeDuplicate, matching.CodeType, matching.CodeNotListed, matching.CodeRange,
	} {
		check(code)
	}
}

// codesIn are the codes that a piece of source gives: reject(pointer, code),
// FieldError{Code: code}, and what the functions return that give nothing but a code.
func codesIn(n ast.Node) (codes []string) {
	literal := func(x ast.Expr) {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, _ := strconv.Unquote(lit.Value); s != "" {
				codes = append(codes, s)
			}
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "reject" {
			literal(n.Args[1])
		}
	case *ast.KeyValueExpr:
		if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Code" {
			literal(n.Value)
		}
	case *ast.FuncDecl:
		if slices.Contains([]string{"mayAsk", "cannotAsk", "illegalAnswer"}, n.Name.Name) {
			ast.Inspect(n, func(m ast.Node) bool {
				if r, ok := m.(*ast.ReturnStmt); ok {
					literal(r.Results[0])
				}
				return true
			})
		}
	}
	return codes
}
