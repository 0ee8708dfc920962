// Package clickhouse holds the tables of the read models as goose migrations,
// and the views that analysts query. It does no I/O.
package clickhouse

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
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

// Views are the analysts' views, sorted by name, those for the public last: in database analytics, over
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
		err := t.ExecuteTemplate(&b, name, viewOf{Analytics: analytics, Tables: tables, Viewers: nobody, Ours: nobody})
		if err != nil {
			return nil, fmt.Errorf("render view %s: %w", name, err)
		}
		all = append(all, View{strings.TrimSuffix(name, ".sql"), b.String()})
	}
	// What is for the public is counted from other views, which must be there.
	slices.SortStableFunc(all, func(a, b View) int { return cmp.Compare(public(a), public(b)) })
	return all, nil
}

func public(v View) int {
	if strings.HasPrefix(v.Name, "open_") {
		return 1
	}
	return 0
}

// viewOf is what the templates know. Viewers and Ours are SQL arrays of
// organisations: for whom an answer is made (a record that denies one of them
// is not in it), and whose records they may see all the same.
type viewOf struct{ Analytics, Tables, Viewers, Ours string }

// nobody: analysts see what every organisation has recorded.
const nobody = "emptyArrayString()"

// OperationCounts is the query for what counts for each operation, by country
// and type of weapon, over the views in database tables. viewers and ours are
// SQL arrays of organisations: for whom the answer is made, and whose own
// records are in it whatever they deny.
func OperationCounts(tables, viewers, ours string) (string, error) {
	t, err := template.ParseFS(views, "views/shared/*.sql")
	if err != nil {
		return "", fmt.Errorf("parse views: %w", err)
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "operation.counts.sql", viewOf{Tables: tables, Viewers: viewers, Ours: ours}); err != nil {
		return "", fmt.Errorf("render operation counts: %w", err)
	}
	return b.String(), nil
}
