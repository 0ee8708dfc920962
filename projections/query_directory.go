package projections

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Organisation is one entry of the directory.
type Organisation struct {
	ID          string   `json:"organisation_id"`
	Kind        string   `json:"kind"`
	Country     string   `json:"country,omitempty"`
	Name        string   `json:"name"`
	Parent      string   `json:"parent,omitempty"`
	Inbox       bool     `json:"inbox"`
	Rights      []string `json:"rights,omitempty"`
	NotifyFloor string   `json:"notify_floor,omitempty"`
	Seq         uint64   `json:"seq"` // of its last change
}

// Organisations is the directory, sorted by id. It is the same for everybody:
// who may be told is no secret among members.
func (q *Queries) Organisations(ctx context.Context) (all []Organisation, err error) {
	err = q.each(ctx, "read organisations", "SELECT organisation_id, kind, country, name, parent, inbox, rights, notify_floor, seq"+
		" FROM "+q.db.cfg.Database+".organisations ORDER BY organisation_id",
		func(rows driver.Rows) error {
			var o Organisation
			err := rows.Scan(&o.ID, &o.Kind, &o.Country, &o.Name, &o.Parent, &o.Inbox, &o.Rights, &o.NotifyFloor, &o.Seq)
			all = append(all, o)
			return err
		})
	return all, err
}
