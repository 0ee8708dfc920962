package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// Kind is what a change does.
type Kind string

// The kinds, in the order in which they are carried out: what is too much goes
// before anything is added, and a user can sign in when all its rights are
// there. A plan that was broken off is made anew and carried on with.
const (
	CreateTopic Kind = "create_topic"
	SetTopic    Kind = "set_topic"
	Revoke      Kind = "revoke"
	RemoveUser  Kind = "remove_user"
	Grant       Kind = "grant"
	CreateUser  Kind = "create_user"
	RotateUser  Kind = "rotate_user"
)

func order() []Kind {
	return []Kind{CreateTopic, SetTopic, Revoke, RemoveUser, Grant, CreateUser, RotateUser}
}

// Change is one step from the actual state to the desired one.
type Change struct {
	Kind  Kind
	Name  string // of the topic or the user
	Topic Topic  // create: all of it; set: the settings that change
	Was   map[string]string
	User  []kafka.ScramMechanism // remove: all that it has
	Rule  Rule
}

// String is a sentence.
func (c Change) String() string {
	switch c.Kind {
	case CreateTopic:
		return fmt.Sprintf("create topic %s with %d copies, %s", c.Name, c.Topic.Copies, retentionWords(c.Topic.Settings))
	case SetTopic:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(c.Topic.Settings)) {
			parts = append(parts, fmt.Sprintf("%s from %s to %s", name, cmp.Or(c.Was[name], "nothing"), c.Topic.Settings[name]))
		}
		return fmt.Sprintf("set %s of topic %s", strings.Join(parts, ", "), c.Name)
	case Revoke:
		return fmt.Sprintf("no longer let %s", c.Rule)
	case RemoveUser:
		return fmt.Sprintf("remove user %s: no organisation of the directory", c.Name)
	case Grant:
		return fmt.Sprintf("let %s", c.Rule)
	case CreateUser:
		return fmt.Sprintf("create user %s", c.Name)
	default:
		return fmt.Sprintf("give user %s a new password", c.Name)
	}
}

// Subject is the topic or the user that a change is about.
func (c Change) Subject() string {
	if c.Kind == Grant || c.Kind == Revoke {
		return c.Rule.user()
	}
	return c.Name
}

func retentionWords(settings map[string]string) string {
	ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64)
	if err != nil || ms < 0 {
		return "kept for ever"
	}
	return fmt.Sprintf("each message kept for %d days", ms/(24*time.Hour).Milliseconds())
}

// Plan is the difference between two states.
type Plan struct {
	Changes  []Change
	Warnings []string // what apply leaves as it is, and somebody should look at
}

// Empty says that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// Diff is what turns have into want, as far as it is armslog's. Topics are
// never deleted. Foreign topics, users and rules are never touched.
func Diff(want, have State) Plan {
	var p Plan
	p.topics(want, have)
	p.rules(want, have)
	p.users(want, have)
	slices.SortFunc(p.Changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order(), a.Kind), slices.Index(order(), b.Kind)),
			cmp.Compare(a.Subject(), b.Subject()),
			cmp.Compare(a.String(), b.String()))
	})
	slices.Sort(p.Warnings)
	return p
}

func (p *Plan) topics(want, have State) {
	for name, w := range want.Topics {
		h, there := have.Topics[name]
		if !there {
			p.Changes = append(p.Changes, Change{Kind: CreateTopic, Name: name, Topic: w})
			continue
		}
		c := Change{Kind: SetTopic, Name: name, Topic: Topic{Settings: map[string]string{}}, Was: map[string]string{}}
		for setting, value := range w.Settings {
			if h.Settings[setting] != value {
				c.Topic.Settings[setting], c.Was[setting] = value, h.Settings[setting]
			}
		}
		if len(c.Topic.Settings) > 0 {
			p.Changes = append(p.Changes, c)
		}
		if h.Partitions != w.Partitions {
			p.warn("topic %s has %d partitions and must have one: it has no order, armslog cannot use it", name, h.Partitions)
		}
		if h.Copies < w.Copies {
			p.warn("topic %s has %d copies, not %d: reassign its partition with Kafka's own tools", name, h.Copies, w.Copies)
		}
	}
}

func (p *Plan) rules(want, have State) {
	for r := range have.Rules {
		_, known := want.Users[r.user()]
		switch {
		case want.Rules[r]:
		case !r.allows():
			if r.ours() {
				p.warn("a rule forbids that %s: it is left as it is", r)
			}
		case r.ours():
			p.Changes = append(p.Changes, Change{Kind: Revoke, Rule: r})
		case r.reaches():
			p.warn("a rule of others lets %s, which reaches armslog's: take it away if it is not meant to", r)
		case known && r.ResourceType == kafka.ResourceTypeCluster:
			p.warn("a rule of others lets %s: armslog needs no such right", r)
		}
	}
	for r := range want.Rules {
		if !have.Rules[r] {
			p.Changes = append(p.Changes, Change{Kind: Grant, Rule: r})
		}
	}
}

func (p *Plan) users(want, have State) {
	for name := range want.Users {
		if len(have.Users[name]) == 0 {
			p.Changes = append(p.Changes, Change{Kind: CreateUser, Name: name})
		}
	}
	for name, mechanisms := range have.Users {
		if _, wanted := want.Users[name]; !wanted && have.former(name) {
			p.Changes = append(p.Changes, Change{Kind: RemoveUser, Name: name, User: mechanisms})
		}
	}
}

func (p *Plan) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

// Rotate adds a new password for a user. It returns an error for one who is not
// armslog's, or whom the cluster does not know.
func (p *Plan) Rotate(user string, want, have State) error {
	_, wanted := want.Users[user]
	if !wanted || len(have.Users[user]) == 0 {
		return fmt.Errorf("%s is no user of armslog's on this cluster", user)
	}
	p.Changes = append(p.Changes, Change{Kind: RotateUser, Name: user})
	return nil
}
