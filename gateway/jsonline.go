package gateway

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/armslog/armslog/events"
)

// What follows writes JSON by hand: a batch answers a hundred thousand lines a
// second, and reflection would cost more than the decisions.

// appendString appends s as a JSON string. What is not UTF-8 becomes the
// replacement character.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c == 0x7f:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// appendName begins a member, with a comma unless it is its object's first.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), '"', ':')
}

func appendNumber(dst []byte, name string, n uint64) []byte {
	return strconv.AppendUint(appendName(dst, name), n, 10)
}

func appendText(dst []byte, name, s string) []byte {
	return appendString(appendName(dst, name), s)
}

func appendFieldErrors(dst []byte, name string, errs []events.FieldError) []byte {
	if len(errs) == 0 {
		return dst
	}
	dst = appendName(dst, name)
	for i, e := range errs {
		dst = append(dst, "[,"[min(i, 1)], '{')
		dst = appendText(dst, "pointer", e.Pointer)
		dst = appendText(dst, "code", e.Code)
		if e.Message != "" {
			dst = appendText(dst, "message", e.Message)
		}
		if e.Hint != "" {
			dst = appendText(dst, "hint", e.Hint)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendReply appends the members of a reply as encoding/json writes them,
// without seq and status, which come first in a line.
func appendReply(dst []byte, r *events.Reply) []byte {
	if r.ID != "" {
		dst = appendText(dst, "id", r.ID)
	}
	if r.Revision > 0 {
		dst = appendNumber(dst, "revision", uint64(r.Revision))
	}
	if r.StandsUntil != "" {
		dst = appendText(dst, "stands_until", r.StandsUntil)
	}
	if r.Truncated != nil {
		dst = strconv.AppendBool(appendName(dst, "truncated"), *r.Truncated)
	}
	if r.Policy != "" {
		dst = appendText(dst, "policy", r.Policy)
	}
	if r.OnBehalfOf != "" {
		dst = appendText(dst, "on_behalf_of", r.OnBehalfOf)
	}
	dst = appendMatches(dst, "matches", r.Matches)
	dst = appendMatches(dst, "candidates", r.Candidates)
	dst = appendFieldErrors(dst, "errors", r.Errors)
	return appendFieldErrors(dst, "warnings", r.Warnings)
}

// appendMatches leaves the rare case to encoding/json.
func appendMatches(dst []byte, name string, views []events.MatchView) []byte {
	if len(views) == 0 {
		return dst
	}
	b, err := json.Marshal(views)
	if err != nil {
		return dst
	}
	return append(appendName(dst, name), b...)
}
