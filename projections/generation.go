package projections

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	ddl "github.com/armslog/armslog/schemas/clickhouse"
)

// Setup makes what the read models need: the first generation on an empty
// server, the migrations that the live one lacks, and the views. Every worker
// calls it when it starts; doing it twice changes nothing.
func (d *Database) Setup(ctx context.Context) error {
	_, err := d.setup(ctx)
	return err
}

func (d *Database) setup(ctx context.Context) (generation, error) {
	g, err := d.live(ctx)
	if err != nil {
		return 0, err
	}
	g = max(g, 1)
	if err := d.create(ctx, g); err != nil {
		return 0, err
	}
	ok, err := d.pointed(ctx, g)
	if err != nil {
		return 0, err
	}
	if ok {
		return g, d.analystViews(ctx)
	}
	return g, d.point(ctx, g)
}

// pointed says whether all views show that generation with all its columns.
// Setup leaves such views alone, so that it cannot undo a rebuild that points
// them elsewhere at this moment.
func (d *Database) pointed(ctx context.Context, g generation) (ok bool, err error) {
	err = d.native.QueryRow(ctx, "SELECT (SELECT count() FROM system.tables WHERE database = {views:String} AND (name = 'generation'"+
		" OR position(create_table_query, {tables:String} || '.' || if(name = 'records', 'record_history', name)) > 0)) > {count:UInt32} AND"+
		" (SELECT count() FROM system.columns WHERE database = {views:String} AND table NOT IN ('generation', 'records')) ="+
		" (SELECT count() FROM system.columns WHERE database = {tables:String} AND table != 'goose_db_version')",
		named("views", d.cfg.Database), named("tables", d.database(g)), named("count", len(tables)+2)).Scan(&ok)
	if err != nil {
		return false, fmt.Errorf("read views: %w", err)
	}
	return ok, nil
}

// live is the generation that the views show, 0 on an empty server.
func (d *Database) live(ctx context.Context) (g generation, err error) {
	var n uint32
	err = d.native.QueryRow(ctx, "SELECT generation FROM "+d.cfg.Database+".generation").Scan(&n)
	if isMissing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read live generation: %w", err)
	}
	return generation(n), nil
}

// create makes a generation's database and brings its tables up to date.
func (d *Database) create(ctx context.Context, g generation) error {
	name := d.database(g)
	if err := d.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		return err
	}
	opt := d.options(clickhouse.Native, d.cfg.Native)
	opt.Auth = clickhouse.Auth{Database: name, Username: d.cfg.User, Password: d.cfg.Password}
	db := clickhouse.OpenDB(opt)
	defer db.Close()
	migrations, err := fs.Sub(ddl.Migrations, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectClickHouse, db, migrations,
		goose.WithSlog(d.cfg.Log), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", name, err)
	}
	return nil
}

// point makes the views show a generation. The view `generation` comes last
// and is what counts: after a crash half way, the next Setup points all views
// at what it says.
func (d *Database) point(ctx context.Context, g generation) error {
	for _, name := range []string{d.cfg.Database, d.cfg.Analytics} {
		if err := d.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
			return err
		}
	}
	for _, t := range append(TableNames(), "positions") {
		statement := fmt.Sprintf("CREATE OR REPLACE VIEW %s.%s AS SELECT * FROM %s.%s FINAL",
			d.cfg.Database, t, d.database(g), t)
		if err := d.exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := d.exec(ctx, fmt.Sprintf(currentRecords, d.cfg.Database, d.database(g))); err != nil {
		return err
	}
	if err := d.analystViews(ctx); err != nil {
		return err
	}
	return d.exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW %s.generation AS SELECT toUInt32(%d) AS generation",
		d.cfg.Database, g))
}

// currentRecords is the view of every record as it stands: the revisions that
// no other follows. Revisions are dense, and most records have one.
const currentRecords = `CREATE OR REPLACE VIEW %[1]s.records AS SELECT * FROM %[2]s.record_history FINAL
WHERE (record_id, revision) NOT IN (SELECT record_id, toUInt32(revision - 1) FROM %[2]s.record_history WHERE revision > 1)`

func (d *Database) analystViews(ctx context.Context) error {
	views, err := ddl.Views(d.cfg.Analytics, d.cfg.Database)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := d.exec(ctx, v.Statement); err != nil {
			return fmt.Errorf("create view %s: %w", v.Name, err)
		}
	}
	return nil
}
