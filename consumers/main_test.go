package consumers_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	goleak.VerifyTestMain(m)
}

func fence(nonce, prev string) events.Item {
	return events.Item{Fence: &events.Fence{Nonce: nonce, Prev: prev, Engine: 1}}
}

// entry is what owner says of the request at off in the mailbox src.
func entry(owner string, seq uint64, src string, off int64) events.Item {
	e := &events.Entry{
		Seq: seq, Owner: owner, Src: src, Off: off, Span: 1, At: int64(1000 + seq), Engine: 1, Policy: "p",
		Verdict: events.Rejected, Errors: []events.FieldError{{Pointer: "", Code: "test"}},
		Envelope: events.NewEnvelope(events.RequestIDFrom(src, fmt.Sprint(off)), events.TypeRecordSubmitted),
		Value:    fmt.Appendf(nil, `{"seq":%d,"owner":%q}`, seq, owner),
	}
	return events.Item{Entry: e}
}
