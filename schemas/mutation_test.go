package schemas_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// unsayable are the rules that JSON Schema has no words for: what breaks one of
// them and nothing else is refused by the decoder alone.
var unsayable = map[string]string{
	"not_integer":      "1.0 and 1e2 are integers to JSON Schema; armslog takes digits alone",
	"not_nfc":          "a pattern cannot know Unicode normal forms",
	"not_a_date":       "a pattern cannot know that February has no 30th, or that an interval runs backwards",
	"serial_is_status": "the words that mean a status are compared without case and accents",
}

// policyInside: of a policy the decoder looks at the outside alone; its table is
// read, and its schema held, by package registry/matching.
func policyInside(requestType events.Type, pointer string) bool {
	return requestType == events.TypePolicySet ||
		requestType == events.TypeGenesis && strings.HasPrefix(pointer, "/policy")
}

// TestMutations holds decoder and schemas together: of each valid golden body,
// each value is left out, replaced and bent in every way below, and both must
// say the same of the result.
func TestMutations(t *testing.T) {
	all := validators(t)
	unsaid := make(map[string]int)
	count := 0
	for _, g := range goldens(t) {
		if !strings.HasPrefix(g.Name, "valid-") {
			continue
		}
		root := parse(t, g.Value)
		mutate(root, func(pointer, what string) {
			if policyInside(g.Type, pointer) && strings.Count(pointer, "/") > 2 {
				return // the decoder does not look there
			}
			count++
			value, err := json.Marshal(root.members["root"])
			require.NoError(t, err)
			body, errs := events.Decode(g.Type, value)
			bySchema := validate(t, all[g.Type], value) == nil
			context := fmt.Sprintf("%s %s: %s at %q: decoder %v", g.Type, g.Name, what, pointer, errs)
			switch {
			case (body != nil) == bySchema:
			case bySchema:
				for _, e := range errs {
					require.Contains(t, unsayable, e.Code, context)
					unsaid[e.Code]++
				}
			default:
				require.True(t, policyInside(g.Type, pointer), context)
			}
			if body != nil {
				roundTrip(t, body)
			}
		})
	}
	require.Greater(t, count, 10_000)
	for code, why := range unsayable {
		require.NotZero(t, unsaid[code], "no mutation shows that %s is needed: %s", code, why)
	}
}

// node is a JSON object or list that can be changed in place.
type node struct {
	members map[string]any // of an object
	items   []any          // of a list
}

func (n *node) MarshalJSON() ([]byte, error) {
	if n.members != nil {
		return json.Marshal(n.members)
	}
	if n.items == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(n.items)
}

// parse gives the value as the member root of an object.
func parse(t *testing.T, value []byte) *node {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return &node{members: map[string]any{"root": nodes(v)}}
}

func nodes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = nodes(v[k])
		}
		return &node{members: v}
	case []any:
		for i := range v {
			v[i] = nodes(v[i])
		}
		return &node{items: v}
	}
	return v
}

// mutate changes everything below n in turn, calls check, and changes it back.
func mutate(n *node, check func(pointer, what string)) { walk(n, "", check) }

func walk(n *node, pointer string, check func(pointer, what string)) {
	for k, v := range n.members {
		at := pointer + "/" + k
		if pointer == "" && k == "root" {
			at = ""
		}
		bend(v, func(now any, what string) {
			n.members[k] = now
			check(at, what)
			n.members[k] = v
		})
		if at != "" {
			delete(n.members, k)
			check(at, "left out")
			n.members[k] = v
		}
		if below, ok := v.(*node); ok {
			lengthen(below, at, check)
			below.walkFrom(at, check)
		}
	}
	for i, v := range n.items {
		at := fmt.Sprintf("%s/%d", pointer, i)
		bend(v, func(now any, what string) {
			n.items[i] = now
			check(at, what)
			n.items[i] = v
		})
		if below, ok := v.(*node); ok {
			lengthen(below, at, check)
			below.walkFrom(at, check)
		}
	}
}

func (n *node) walkFrom(at string, check func(pointer, what string)) {
	if at == "" {
		at = "/" // so that members of the root are told from the root itself
	}
	walk(n, strings.TrimSuffix(at, "/"), check)
}

// lengthen adds an unknown member to an object, and repeats items of a list.
func lengthen(n *node, at string, check func(pointer, what string)) {
	if n.members != nil {
		n.members["surprise"] = "x"
		check(at+"/surprise", "unknown field")
		delete(n.members, "surprise")
		grow(n, at, check)
		return
	}
	before := n.items
	if len(before) > 0 {
		n.items = append(slices.Clone(before), before[0])
		check(at, "an item twice")
		for _, most := range []int{16, 32, 64, 256} {
			for length := most; length <= most+1; length++ {
				n.items = many(before[0], length)
				check(at, fmt.Sprintf("%d items", length))
			}
		}
	}
	n.items = nil
	check(at, "no item")
	n.items = before
}

// grow gives an object more members than any has: where members are codes by
// the name of their list, there may be 16.
func grow(n *node, at string, check func(pointer, what string)) {
	before := n.members
	n.members = maps.Clone(before)
	for i := range 20 {
		n.members[fmt.Sprintf("list_%d", i)] = "TAS"
		check(at, fmt.Sprintf("%d members more", i+1))
	}
	n.members = before
}

// many gives a list of n items like the first: different ones if it is a text.
func many(first any, n int) []any {
	items := slices.Repeat([]any{first}, n)
	if text, ok := first.(string); ok {
		for i := range items {
			items[i] = fmt.Sprintf("%s%d", text, i)
		}
	}
	return items
}

// texts replace every value in turn.
var texts = []string{
	"", " ", " x", "x ", "x\u0001y", "x\ny", "x\u200by", "x\u00a0y", "zzz", "ZZZ", "x y", "2019-02-30", "2020-02-29", "2019/2018", "2018/2019-03-01", "2019-13",
	"1499", "3000", "0000", "RASPADO", "S/N", "sem número", "OBLITERATED", "???", "A?1", "*1234", "---", "№ 12", "Ж", "e\u0301", "é", "a@b.cd", "a@b", "x@y.z w",
	"call 91234-5678", "+55 11 912", "+55 (11) 91234", "12 345 678 9", "1234567", "123456", "12345678", "1234567890", "12345678901", "make:TAS", "model:", "calibre:.40/x", "BR-SP", "BR-SPXX",
	"BRSAO", "brsao", "930200", "93", "[A-Z]{3}", "[A-Z", "A{1,2}B?", "NCB-BR", "-NCB", "N", "true", "1", "TAS", "tas",
	"9c1be2d4-7a30-5c52-8a43-51f0c2d9e001", "9C1BE2D4-7A30-5C52-8A43-51F0C2D9E001", "9c1be2d4x7a30-5c52-8a43-51f0c2d9e001", "00000000-0000-0000-0000-000000000000",
	"readable", "partial", "never_marked", "serial", "proof", "lost", "seized", "XK", "SUHH", strings.Repeat("x", 16), strings.Repeat("A", 17), strings.Repeat("A", 32),
	strings.Repeat("A", 33), strings.Repeat("Ä", 64), strings.Repeat("Ä", 65), strings.Repeat("A", 129), strings.Repeat("A", 257),
}

// numbers replace every value in turn.
var numbers = []string{"0", "1", "-1", "1.5", "1.0", "1e2", "200", "201", "5000", "5001", "43200", "43201", "1000000000", "1000000001", "2147483648", "9007199254740992", "18446744073709551616", "-0"}

// bend gives every other value that may stand where v stands.
func bend(v any, try func(now any, what string)) {
	try(nil, "null")
	try(true, "true")
	try(false, "false")
	try(&node{items: []any{}}, "empty list")
	try(&node{items: []any{v}}, "list")
	try(map[string]any{}, "empty object")
	try(map[string]any{"x": v}, "object")
	for _, s := range texts {
		try(s, fmt.Sprintf("text %.40q", s))
	}
	for _, n := range numbers {
		try(json.Number(n), "number "+n)
	}
}
