package projections

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// The view holds each entry's last full state, and fsck sees damage to it.
func TestReferenceTableReadsBack(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.ask("IPSG", &events.ReferenceSubmitted{Name: "FAMAE", Kind: "make", Country: "CL"})
	amended := j.ask("IPSG", &events.ReferenceSubmitted{
		Name: "FAMAE", Kind: "make", Country: "CL", Aliases: []string{"famae mt 40"}, Related: []string{"make:TAS"},
		Codes:       map[string]string{"nvdrs": "12", "ncic": "FMA", "local": "FAMAE"},
		SerialForms: []events.SerialForm{{Pattern: "[A-Z]{3}[0-9]{4}", From: "2005"}, {Pattern: "[0-9]{6}", Until: "2004", Year: &events.SerialCode{At: 1, First: "2000"}}},
	})
	j.ask("IPSG", &events.ReferenceSubmitted{Name: "SAF", Kind: "model", Make: "make:FAMAE", FirearmType: "submachine_gun", Calibres: []string{"calibre:9X19", "calibre:40"}})
	refused := j.ask("NCB-BR", &events.ReferenceSubmitted{Name: "Mine", Kind: "make"})
	require.Equal(t, events.Rejected, refused.Verdict)
	p, stop := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	stop()

	got, err := sql(t, q, "SELECT reference_id, kind, name, country, make, type, calibres, aliases, codes['ncic'] AS ncic, length(codes) AS n, related, serial_forms, seq = "+
		strconv.FormatUint(amended.Seq, 10)+" AS last FROM "+d.cfg.Analytics+".reference ORDER BY reference_id")
	require.NoError(t, err)
	require.Equal(t, `"reference_id","kind","name","country","make","type","calibres","aliases","ncic","n","related","serial_forms","last"
"make:FAMAE","make","FAMAE","CL","","","[]","['famae mt 40']","FMA",3,"['make:TAS']","[('[A-Z]{3}[0-9]{4}','2005','',false),('[0-9]{6}','','2004',true)]",1
"model:FAMAE/SAF","model","SAF","","make:FAMAE","submachine_gun","['calibre:9X19','calibre:40']","[]","",0,"[]","[]",0
`, got)
	clean(t, d, j)
	require.NoError(t, d.exec(t.Context(), "ALTER TABLE "+d.database(1)+".reference UPDATE country = 'BR' WHERE reference_id = 'make:FAMAE' SETTINGS mutations_sync = 2"))
	report, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.Len(t, report.Differences, 1)
	require.Equal(t, []any{"reference", "make:FAMAE", Changed}, []any{report.Differences[0].Table, report.Differences[0].Key, report.Differences[0].What})
}
