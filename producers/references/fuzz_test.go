package references

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// FuzzRead: a table of somebody else is refused with a reason, or is rows that
// can be merged.
func FuzzRead(f *testing.F) {
	for i := range Maps() {
		f.Add(uint8(i), "TAS\tTaurus, Forjas (Taurus) Brazil\n")
		f.Add(uint8(i), "Make,Model,Type\nTaurus,82,Revolver\n")
		f.Add(uint8(i), `{"name":"Taurus","kind":"make","country":"BR","aliases":["FT"],"codes":{"ncic":"TAS"}}`)
	}
	f.Fuzz(func(t *testing.T, table uint8, text string) {
		maps := Maps()
		rows, err := Read(maps[int(table)%len(maps)], strings.NewReader(text))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		Merge([]*events.ReferenceSubmitted{}, rows, true)
	})
}
