package schemas_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

// textKind is what a text field may hold. keeps says why a mail address or a
// number of a person may stand in it; "" = it is refused.
type textKind struct {
	max   int
	keeps string
}

// textKinds is the closed list: every text field of every request is of one of
// these kinds, which are definitions of requests/common.v1.json. A new kind is
// a decision about person data, and is added here.
var textKinds = map[string]textKind{
	"system": {32, ""}, "token": {64, ""}, "organisation_id": {32, ""}, "code": {16, ""}, "any_code": {32, ""}, "reference_id": {72, ""},
	"name": {64, ""}, "calibre": {32, ""}, "title": {128, ""}, "legal_basis": {256, ""}, "serial_pattern": {64, ""}, "serial_code.signs": {36, ""},
	"year": {4, ""}, "subdivision": {6, ""}, "locode": {5, ""}, "hs_code": {10, ""}, // ten digits of a tariff number are not told from ten others
	"source_id":    {128, "it is the owner's own number, and means nothing to anybody else"},
	"case_number":  {64, "it is the link to the sender's own file"},
	"mark.text":    {64, "it stands on the weapon"},
	"mark.series":  {16, "it stands on the weapon"},
	"actor":        {64, "the gateway derives it: a keyed hash, in which digits stand as they fall"},
	"key_id":       {64, "the registry itself writes it"},
	"verifier_key": {256, "the registry itself writes it"},
	"policy":       {64, "the General Secretariat names its policies by day and number"},
}

// leaf is a text of a request: a field, or what a list or a map of it holds.
type leaf struct {
	path string // JSON pointer; * = every element of a list
	kind string // listedCode, date, day, uuid, or a kind of textKinds
}

// anyMember is the step of a path to every member of a map.
const anyMember = "{}"

// listedCode is a code of a closed list.
const listedCode = "a code of a list"

// bodyTypes are the Go types of all requests, as Decode makes them.
func bodyTypes(t *testing.T) map[events.Type]reflect.Type {
	types := make(map[events.Type]reflect.Type)
	for _, g := range goldens(t) {
		if body, errs := events.Decode(g.Type, g.Value); len(errs) == 0 {
			types[g.Type] = reflect.TypeOf(body).Elem()
		}
	}
	sent, own := events.Types()
	require.ElementsMatch(t, append(sent, own...), slices.Collect(maps.Keys(types)))
	return types
}

var (
	dateType, dayType, uuidType = reflect.TypeFor[events.Date](), reflect.TypeFor[events.Day](), reflect.TypeFor[events.UUID]()
	rawType                     = reflect.TypeFor[json.RawMessage]()
)

// goLeaves are the paths of all that is a text on the wire, by the Go type.
func goLeaves(t *testing.T, typ reflect.Type, at string) (paths []string) {
	switch typ {
	case dateType, dayType, uuidType:
		return []string{at}
	case rawType:
		return nil // a policy, whose table package registry/matching reads
	}
	switch typ.Kind() {
	case reflect.String:
		return []string{at}
	case reflect.Pointer:
		return goLeaves(t, typ.Elem(), at)
	case reflect.Slice:
		return goLeaves(t, typ.Elem(), at+"/*")
	case reflect.Map:
		return goLeaves(t, typ.Elem(), at+"/"+anyMember)
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				paths = append(paths, goLeaves(t, f.Type, at+"/"+name)...)
			}
		}
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Int32, reflect.Int64, reflect.Int:
	default:
		t.Fatalf("%s is a %s: say whether it holds text", at, typ)
	}
	return paths
}

// schemaLeaves are the same by the JSON Schema, each with its kind.
type schemaLeaves struct {
	t      *testing.T
	common map[string]any // $defs of common.v1.json
	found  map[string]string
}

func readJSON(t *testing.T, b []byte) (doc map[string]any) {
	require.NoError(t, json.Unmarshal(b, &doc))
	return doc
}

func (s *schemaLeaves) walk(node map[string]any, name, at string) {
	if ref, ok := node["$ref"].(string); ok {
		name = ref[strings.LastIndex(ref, "/")+1:]
		if !strings.Contains(ref, "#/$defs/") { // a whole request within another
			b, err := schemas.FS.ReadFile("requests/" + name)
			require.NoError(s.t, err)
			s.walk(readJSON(s.t, b), name, at)
			return
		}
		def, ok := s.common[name].(map[string]any)
		require.True(s.t, ok, "%s refers to %s", at, ref)
		s.walk(def, name, at)
		return
	}
	if properties, ok := node["properties"].(map[string]any); ok {
		for key, v := range properties {
			below := name + "." + key
			if at == "" {
				below = key
			}
			s.walk(v.(map[string]any), below, at+"/"+key)
		}
		return
	}
	if items, ok := node["items"].(map[string]any); ok {
		s.walk(items, name, at+"/*")
		return
	}
	if more, ok := node["additionalProperties"].(map[string]any); ok {
		s.walk(more, name, at+"/"+anyMember)
		return
	}
	switch {
	case node["enum"] != nil:
		s.found[at] = listedCode
	case node["type"] == "integer" || node["type"] == "boolean" || node["type"] == "object" || node["type"] == "array":
	default:
		s.found[at] = name
	}
}

func leavesOf(t *testing.T, requestType events.Type) []leaf {
	common, err := schemas.FS.ReadFile("requests/common.v1.json")
	require.NoError(t, err)
	s := schemaLeaves{t, readJSON(t, common)["$defs"].(map[string]any), map[string]string{}}
	b, ok := schemas.Request(string(requestType))
	require.True(t, ok)
	s.walk(readJSON(t, b), "", "")
	var leaves []leaf
	for _, at := range slices.Sorted(maps.Keys(s.found)) {
		leaves = append(leaves, leaf{at, s.found[at]})
	}
	return leaves
}

// policyTexts: the table of a policy is not read by this decoder, and named by
// its schema alone.
func policyTexts(requestType events.Type, path string) bool {
	return requestType == events.TypePolicySet || requestType == events.TypeGenesis && strings.HasPrefix(path, "/policy")
}

// Every text field that the Go types have is in the schema and the other way
// round, and is of a kind of the closed list, with its length and its signs.
func TestTextsAreOfAClosedList(t *testing.T) {
	common, err := schemas.FS.ReadFile("requests/common.v1.json")
	require.NoError(t, err)
	defs := readJSON(t, common)["$defs"].(map[string]any)
	used := make(map[string]bool)
	for requestType, typ := range bodyTypes(t) {
		var inSchema []string
		for _, l := range leavesOf(t, requestType) {
			if policyTexts(requestType, l.path) {
				continue
			}
			inSchema = append(inSchema, l.path)
			switch l.kind {
			case listedCode, "date", "day", "uuid":
				continue
			}
			kind, listed := textKinds[l.kind]
			require.True(t, listed, "%s %s is of the kind %s, which the closed list of texts has not", requestType, l.path, l.kind)
			used[l.kind] = true
			requireKind(t, defs, l.kind, kind)
		}
		if requestType == events.TypePolicySet {
			continue
		}
		require.ElementsMatch(t, goLeaves(t, typ, ""), inSchema, "%s", requestType)
	}
	used["policy"] = true
	require.ElementsMatch(t, slices.Collect(maps.Keys(textKinds)), slices.Collect(maps.Keys(used)), "kinds that no field has")
}

// requireKind: a definition has the length of the closed list and a pattern,
// and refuses person data where the list says so, or has no room for it.
func requireKind(t *testing.T, defs map[string]any, name string, kind textKind) {
	var def any = defs
	for i, step := range strings.Split(name, ".") {
		if i > 0 {
			def = def.(map[string]any)["properties"]
		}
		def = def.(map[string]any)[step]
	}
	d := def.(map[string]any)
	require.EqualValues(t, kind.max, d["maxLength"], name)
	text := fmt.Sprint(d)
	require.True(t, strings.Contains(text, "pattern:") || strings.Contains(text, "#/$defs/line"), "%s has no pattern", name)
	if strings.Contains(text, "no_person_data") {
		require.Empty(t, kind.keeps, name)
	} else if kind.keeps == "" {
		require.LessOrEqual(t, kind.max, 10, name)
	}
}

// personal are what must not get in: mail addresses, telephone numbers and
// numbers of documents, as people write them and as machines do.
var personal = []string{
	"first.last@example.org", "a@b.cd", "call +55 11 91234-5678", "+55 (11) 91234-5678", "5511912345678", "(011) 91234.5678", "0049 171 555 01 23",
	"123.456.789-09", "12345678909", "AB1234567", "CPF 123 456 789 09", "passport 123456789",
}

// Mail addresses, telephone and document numbers are refused in every text of
// every request but those that the closed list lets keep them.
func TestPersonDataIsRefusedEverywhere(t *testing.T) {
	all := validators(t)
	tried := 0
	sent, _ := events.Types()
	for _, g := range goldens(t) {
		if !strings.HasPrefix(g.Name, "valid-") || !slices.Contains(sent, g.Type) {
			continue
		}
		for _, l := range leavesOf(t, g.Type) {
			for _, p := range personal {
				value, pointer, there := planted(t, g.Value, l.path, p)
				at := fmt.Sprintf("%s %s: %q at %s", g.Type, g.Name, p, pointer)
				errs := errorsAt(g.Type, value, pointer)
				switch {
				case textKinds[l.kind].keeps != "":
					require.NotContains(t, errs, "person_data", at)
				case policyTexts(g.Type, l.path):
					require.Error(t, validate(t, all[g.Type], value), at)
				default:
					require.NotEmpty(t, errs, at)
					if there {
						require.Error(t, validate(t, all[g.Type], value), at)
					}
					tried++
				}
			}
		}
	}
	require.Greater(t, tried, 2000)
}

// errorsAt are the codes of what is wrong with one value of a body.
func errorsAt(requestType events.Type, value []byte, pointer string) (codes []string) {
	_, errs := events.Decode(requestType, value)
	for _, e := range errs {
		if e.Pointer == pointer {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// planted puts a text at a path of a body, first elements and parents that are
// not there included; there says that the body had such a value before.
func planted(t *testing.T, value []byte, path, text string) (changed []byte, pointer string, there bool) {
	var root any
	require.NoError(t, json.Unmarshal(value, &root))
	there = true
	var put func(v any, steps []string) any
	put = func(v any, steps []string) any {
		if len(steps) == 0 {
			there = there && v != nil
			return text
		}
		step, rest := steps[0], steps[1:]
		if object, ok := v.(map[string]any); ok || step != "*" {
			if !ok {
				object, there = map[string]any{}, false
			}
			if step == anyMember {
				step = slices.Min(append(slices.Collect(maps.Keys(object)), "zz"))
			}
			pointer += "/" + step
			object[step] = put(object[step], rest)
			return object
		}
		list, ok := v.([]any)
		if !ok || len(list) == 0 {
			list, there = []any{nil}, false
		}
		pointer += "/" + strconv.Itoa(0)
		list[0] = put(list[0], rest)
		return list
	}
	root = put(root, strings.Split(strings.TrimPrefix(path, "/"), "/"))
	changed, err := json.Marshal(root)
	require.NoError(t, err)
	return changed, pointer, there
}
