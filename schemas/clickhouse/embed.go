// Package clickhouse holds the tables of the read models as goose migrations,
// and the views that analysts query. It does no I/O.
package clickhouse

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
)

// Migrations are the tables of one generation, for goose, in the folder
// migrations. A released migration is never edited.
//
//go:embed migrations/*.sql
var Migrations embed.FS

//go:embed views/*.sql views/shared/*.sql
var views embed.FS

// View is one view of the analysts' database.
type View struct {
	Name      string
	Statement string // creates or replaces it
}

// Views are the analysts' views, sorted by name: in database analytics, over
// the views of the live generation in database tables. Templates of
// views/shared hold what several have in common.
func Views(analytics, tables string) ([]View, error) {
	t, err := template.ParseFS(views, "views/*.sql", "views/shared/*.sql")
	if err != nil {
		return nil, fmt.Errorf("parse views: %w", err)
	}
	files, err := fs.Glob(views, "views/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	var all []View
	for _, file := range files {
		var b strings.Builder
		name := path.Base(file)
		err := t.ExecuteTemplate(&b, name, struct{ Analytics, Tables string }{analytics, tables})
		if err != nil {
			return nil, fmt.Errorf("render view %s: %w", name, err)
		}
		all = append(all, View{strings.TrimSuffix(name, ".sql"), b.String()})
	}
	return all, nil
}
