package matching

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// codes reads a list of different codes; an optional one may be absent, but a
// list that stands there says something.
func (d *policyDecoder) codes(pointer string, raw json.RawMessage, list []string) (codes []string) {
	d.array(pointer, raw, 1, len(list), func(at string, raw json.RawMessage) {
		code := d.code(at, raw, list)
		if slices.Contains(codes, code) {
			d.fail(at, CodeDuplicate, "%q stands twice", code)
		}
		codes = append(codes, code)
	})
	return codes
}

// code reads one code. Like every reader here it passes over an absent value:
// object has spoken of those that are required.
func (d *policyDecoder) code(pointer string, raw json.RawMessage, list []string) string {
	s, ok := d.text(pointer, raw)
	if ok && !slices.Contains(list, s) {
		d.fail(pointer, CodeNotListed, "%q is none of %s", s, strings.Join(list, " "))
	}
	return s
}

func (d *policyDecoder) text(pointer string, raw json.RawMessage) (s string, ok bool) {
	if raw == nil {
		return "", false
	}
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		d.fail(pointer, CodeType, "a string is expected")
		return "", false
	}
	return s, true
}

func (d *policyDecoder) integer(pointer string, raw json.RawMessage, low, high int) int {
	if raw == nil {
		return 0
	}
	n, err := strconv.Atoi(string(raw))
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (n < low || n > high):
		d.fail(pointer, CodeRange, "%d to %d is expected", low, high)
	case err != nil:
		d.fail(pointer, CodeType, "an integer is expected")
	}
	return n
}

func (d *policyDecoder) array(pointer string, raw json.RawMessage, low, high int, each func(string, json.RawMessage)) {
	if raw == nil {
		return
	}
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		d.fail(pointer, CodeType, "a list is expected")
		return
	}
	if len(items) < low || len(items) > high {
		d.fail(pointer, CodeRange, "%d to %d entries are expected", low, high)
		return
	}
	for i, item := range items {
		each(pointer+"/"+strconv.Itoa(i), item)
	}
}

// object reads the fields of an object, case-sensitive, each once; encoding/json
// alone would take a repeated or differently written name. It returns nil when
// there is no object to look into.
func (d *policyDecoder) object(pointer string, raw json.RawMessage, required, optional string) map[string]json.RawMessage {
	if raw == nil {
		return nil
	}
	if raw = bytes.TrimLeft(raw, " \t\r\n"); raw[0] != '{' {
		d.fail(pointer, CodeType, "an object is expected")
		return nil
	}
	fields := d.fields(pointer, raw)
	must, may := strings.Fields(required), strings.Fields(optional)
	for _, name := range must {
		if fields[name] == nil {
			d.fail(pointer+"/"+name, CodeMissing, "%s is required", name)
		}
	}
	for _, name := range sortedNames(fields) {
		if !slices.Contains(must, name) && !slices.Contains(may, name) {
			d.fail(pointer+"/"+escapePointer(name), CodeUnknown, "there is no such field")
		}
	}
	return fields
}

func (d *policyDecoder) fields(pointer string, raw json.RawMessage) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	for _, err := dec.Token(); err == nil && dec.More(); {
		var name json.Token
		if name, err = dec.Token(); err != nil {
			break
		}
		var value json.RawMessage
		if err = dec.Decode(&value); err != nil && !errors.Is(err, io.EOF) {
			break
		}
		key := name.(string) // the data are valid JSON: names are strings
		if fields[key] != nil {
			d.fail(pointer+"/"+escapePointer(key), CodeDuplicate, "the field stands twice")
		}
		fields[key] = value
	}
	return fields
}

func sortedNames(fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
