package events

import "unicode/utf8"

// FieldError is one thing wrong with a request: where, what, and what to do.
// The journal keeps pointer and code; message and hint are rendered when read
// (Explain), so that wording can improve and no payload is stored twice.
type FieldError struct {
	Pointer string `json:"pointer"` // RFC 6901, "" = the whole request
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

func (e FieldError) Error() string {
	if e.Pointer == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + " at " + e.Pointer + ": " + e.Message
}

// shorten cuts s to at most n bytes, never inside a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
