package imports

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"github.com/armslog/armslog/events"
)

var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// mapAll maps a whole file.
func mapAll(t *testing.T, mapping string, in io.Reader) (rows []Row, mapped []Mapped) {
	t.Helper()
	m, err := LoadMapping(mapping)
	require.NoError(t, err)
	r, err := NewReader(in, Options{Legacy: m.Legacy})
	require.NoError(t, err)
	mapper, err := NewMapper(m, r.Header(), today)
	require.NoError(t, err)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, mapped
		}
		require.NoError(t, err)
		rows, mapped = append(rows, row), append(mapped, mapper.Map(row))
	}
}

func record(t *testing.T, m Mapped) *events.RecordSubmitted {
	t.Helper()
	require.Equal(t, Ready, m.Outcome, "%v", m.Errors)
	body, errs := events.Decode(events.TypeRecordSubmitted, m.Body)
	require.Empty(t, errs)
	return body.(*events.RecordSubmitted)
}

// The invented sample of the Ukrainian register: series apart from number,
// decimal commas, look-alikes in the words, a broken row, a blade.
func TestUkraine(t *testing.T) {
	f, err := os.Open("testdata/ua.json")
	require.NoError(t, err)
	defer f.Close()
	rows, mapped := mapAll(t, "ua-weapons", f)
	require.Len(t, rows, 6)

	pistol := record(t, mapped[0])
	require.Equal(t, "lost", pistol.Category)
	require.Equal(t, "pistol", pistol.Firearm.Type)
	require.Equal(t, "9.0", pistol.Firearm.Calibre)
	require.Equal(t, "1978", pistol.Firearm.Manufactured.String())
	require.Equal(t, "2014-07-19", pistol.Incident.Date.String())
	require.Equal(t, "2036-12-31", pistol.RetainUntil.String())
	require.Equal(t, events.Mark{Kind: "serial", Status: "readable", Text: "104233", Series: "АВ"}, pistol.Firearm.Marks[0])

	shotgun := record(t, mapped[1])
	require.Equal(t, "stolen", shotgun.Category)
	require.Equal(t, "double_barrel", shotgun.Firearm.Action)
	require.True(t, shotgun.Firearm.Manufactured.IsZero(), "2044 is left out")
	require.Equal(t, "implausible_date", mapped[1].Warnings[0].Code)
	require.Equal(t, events.Mark{Kind: "serial", Status: "readable", Text: "55812"}, shotgun.Firearm.Marks[0])

	carbine := record(t, mapped[2])
	require.Equal(t, "lost", carbine.Category, "BTPATA in Latin letters is ВТРАТА")
	require.Equal(t, "carbine", carbine.Firearm.Type)
	require.Equal(t, "7.62х39", carbine.Firearm.Calibre)
	require.Equal(t, "never_marked", carbine.Firearm.Marks[0].Status)

	for i, code := range map[int]string{3: "not_a_firearm", 4: "not_json"} {
		require.Equal(t, Rejected, mapped[i].Outcome)
		require.Equal(t, code, mapped[i].Errors[0].Code)
	}
	require.Equal(t, Rejected, mapped[5].Outcome, "an unknown reason is no category")
	require.Equal(t, "/category", mapped[5].Errors[0].Pointer)
	require.NotEqual(t, pistol.Source.ID, shotgun.Source.ID)
}

// As CSV in Windows-1251 the same row is the same record.
func TestUkraineCSV(t *testing.T) {
	text := "brandmodel;producer;weapontype;weaponkind;weaponseries;weaponnumber;weaponcaliber;trunks;graduationyear;organunit;reasonsearch;insertdate;theftdate\n" +
		"ЗРАЗОК-9;ВИГАДАНИЙ ЗАВОД;ВОГНЕПАЛЬНА;ПІСТОЛЕТ;АВ;104233;9,0;1;1978;ВІДДІЛ 1;ВТРАТА;2015-03-02T00:00:00;19.07.2014\n"
	legacy, err := charmap.Windows1251.NewEncoder().String(text)
	require.NoError(t, err)
	_, mapped := mapAll(t, "ua-weapons", strings.NewReader(text))
	_, again := mapAll(t, "ua-weapons", strings.NewReader(legacy))
	require.Equal(t, "lost", record(t, mapped[0]).Category)
	require.Equal(t, string(mapped[0].Body), string(again[0].Body))
}
