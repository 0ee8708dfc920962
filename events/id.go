package events

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// UUID is an identity: 16 bytes, RFC 9562.
type UUID uuid.UUID

// namespace is the one constant namespace of all derived ids. It never
// changes: every id in every journal hangs on it.
var namespace = UUID{0x5a, 0x1d, 0x0c, 0x3e, 0x7b, 0x42, 0x4f, 0x8e, 0x9d, 0x61, 0x2c, 0xb0, 0xe7, 0x94, 0x15, 0xf3}

// RecordID is the identity of a record: whoever owns it, nobody else can
// arrive at the same id, so ownership needs no check.
func RecordID(owner OrgID, source Source) UUID {
	return derive("record", owner, source.System, source.ID)
}

// SearchID is the identity of a question, from the request that asked it.
func SearchID(org OrgID, request UUID) UUID { return derive("search", org, string(request[:])) }

// TraceID is the identity of a trace, from the request that asked for it.
func TraceID(org OrgID, request UUID) UUID { return derive("trace", org, string(request[:])) }

// MatchID is the identity of a pair, the same whichever of the two came first.
func MatchID(a, b UUID) UUID {
	if string(b[:]) < string(a[:]) {
		a, b = b, a
	}
	return derive("match", string(a[:]), string(b[:]))
}

// NotificationID is the identity of the nth notification of a recipient.
func NotificationID(to OrgID, n uint64) UUID {
	return derive("notification", to, strconv.FormatUint(n, 10))
}

// ParseUUID reads the 36-character form, in lower or upper case. By hand: a
// fold reads millions of ids.
func ParseUUID[T string | []byte](s T) (u UUID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, false
	}
	bad := byte(0)
	for i, at := range hexAt {
		hi, lo := hexValue[s[at]], hexValue[s[at+1]]
		bad |= hi | lo
		u[i] = hi<<4 | lo&15
	}
	if bad > 15 {
		return UUID{}, false
	}
	return u, true
}

// hexAt is where each byte of a UUID stands in its text.
var hexAt = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexValue is the value of each hexadecimal digit, 255 for any other byte.
var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 16 {
		t["0123456789abcdef"[i]], t["0123456789ABCDEF"[i]] = byte(i), byte(i)
	}
	return t
}()

// NewRequestID is a fresh UUIDv7, the ce_id of a request.
func NewRequestID() UUID { return UUID(uuid.Must(uuid.NewV7())) }

// RequestIDFrom derives a request id from a caller's idempotency key, so that
// the same key of the same organisation is the same request for ever.
func RequestIDFrom(org OrgID, key string) UUID { return derive("request", org, key) }

// String is the 36-character form.
func (u UUID) String() string { return uuid.UUID(u).String() }

// Append appends the 36-character form.
func (u UUID) Append(dst []byte) []byte {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:36], u[10:16])
	return append(dst, b[:]...)
}

// IsZero says that there is no id.
func (u UUID) IsZero() bool { return u == UUID{} }

// MarshalText writes the 36-character form.
func (u UUID) MarshalText() ([]byte, error) { return u.Append(nil), nil }

// UnmarshalText reads the 36-character form.
func (u *UUID) UnmarshalText(b []byte) error {
	got, ok := ParseUUID(string(b))
	if !ok {
		return fmt.Errorf("parse uuid: %q is none", b)
	}
	*u = got
	return nil
}

// derive is UUIDv5 (SHA-1) of the kind and the parts joined by NUL. Parts that
// are followed by another part hold no NUL: organisation ids and source
// systems cannot, by their character sets.
func derive(kind string, parts ...string) UUID {
	var buf [192]byte
	b := append(append(buf[:0], namespace[:]...), kind...)
	for _, p := range parts {
		b = append(append(b, 0), p...)
	}
	sum := sha1.Sum(b)
	u := UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}
