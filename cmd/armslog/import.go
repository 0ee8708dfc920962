package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

// importFlags are those of import and of import resume.
type importFlags struct {
	mapping   string
	sheet     string
	maxErrors int64
	follow    bool
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Register the rows of a file: CSV, XLSX, XML, fixed width, NDJSON, JSON",
		Long: "Register the rows of a file. CSV, XLSX, XML and fixed width need a mapping, which import infer\n" +
			"proposes; NDJSON and JSON arrays without one hold records as the API takes them, and a file\n" +
			"that record export wrote needs none. A bad row never stops the file: it goes, with the reason,\n" +
			"to <name>.rejects.csv, which can be mended and imported again with the same mapping.\n" +
			"<name>.receipt.json says what became of all rows. An import that was interrupted is resumed and\n" +
			"repeats nothing.",
		Example: "  armslog import seizures.csv --map sp-ssp\n  armslog import infer list.xlsx --save ours\n" +
			"  armslog import list.xlsx --map ours --sheet 2026\n  armslog import resume imp-7d20\n  zcat table.ndjson.gz | armslog import -",
		Args: exactArgs("FILE|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importFile(cmd.Context(), args[0], f)
		},
	}
	c.Flags().StringVar(&f.mapping, "map", "", "a mapping that ships (sp-ssp, ua-weapons), one of your own, or a .json file")
	c.Flags().StringVar(&f.sheet, "sheet", "", "XLSX: the sheet, where there are several")
	c.Flags().Int64Var(&f.maxErrors, "max-errors", 0, "stop when more rows than this are rejected; 0 = never")
	c.Flags().BoolVar(&f.follow, "follow", false, "wait for more rows at the end of the file")
	c.AddCommand(a.importInfer(), a.importStatus(), a.importResume(), a.importAbort())
	return c
}

func (a *app) importFile(ctx context.Context, name string, f importFlags) error {
	in, err := a.openImport(ctx, name, f)
	if err != nil {
		return err
	}
	defer in.close()
	if a.global.dryRun {
		return a.dryRun(ctx, in)
	}
	job, err := newJob(a.settings, in, f)
	if err != nil {
		return err
	}
	return a.runImport(ctx, in, job)
}

// runImport sends what of the file has not been told yet.
func (a *app) runImport(ctx context.Context, in *importInput, job *job) (err error) {
	c, err := a.client()
	if err != nil {
		return err
	}
	rejects, err := openRejects(job, in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rejects.close()) }()
	a.announce(in, job)
	run := &importRun{app: a, in: in, job: job, rejects: rejects, began: time.Now(), bar: a.newBar(in), before: job.Counts, rowsBefore: job.receipt().Rows}
	s := &stream{
		client:     c,
		options:    client.BatchOptions{Path: "/v1/records:batch", Key: job.Key, From: job.Sent + 1, ErrorsOnly: in.whole},
		feed:       run.feed,
		told:       run.told,
		checkpoint: run.checkpoint,
		patience:   2 * time.Minute,
		retrying: func(err error, wait time.Duration) {
			a.note("waiting %s for the registry: %v", wait.Round(100*time.Millisecond), err)
		},
	}
	err = s.run(ctx)
	run.bar.end()
	return run.end(err)
}

// importRun is what happens to one file in one process.
type importRun struct {
	app     *app
	in      *importInput
	job     *job
	rejects *rejects
	bar     *bar
	began   time.Time
	before  client.Counts // of the runs of this job before this one
	saved   time.Time
	torn    bool // a row was counted and not written down: the last save stands

	rowsBefore int64
}

// feed gives the next row that was not told in an earlier run.
func (r *importRun) feed() (item, error) {
	for {
		it, err := r.in.next()
		if err != nil || it.index == 0 || it.index > r.job.resumeAfter {
			r.bar.set(r.in.read())
			return it, err
		}
	}
}

var errTooMany = errors.New("too many rejected rows")

// told counts a row and writes it to the rejects, if it is one.
func (r *importRun) told(it item, v *client.Verdict) error {
	j := r.job
	j.Filtered += it.filtered
	if it.index == 0 {
		return nil // what was left out behind the last row
	}
	j.Line, j.Told = it.row.Line, it.index
	r.warn(it.row.Line, it.warnings)
	errs := it.errors
	if v != nil {
		r.warn(it.row.Line, v.Warnings)
		if v.Status == "rejected" {
			errs = v.Errors
		}
	}
	switch {
	case it.number == 0:
		j.RejectedHere++
	case v == nil || v.Status != "rejected":
		return nil
	}
	if len(errs) == 0 {
		errs = []events.FieldError{{Code: "rejected"}}
	}
	j.Errors[errs[0].Code]++
	if err := r.rejects.add(it.row, errs); err != nil {
		r.torn = true
		return err
	}
	return nil
}

func (r *importRun) warn(line int64, warnings []events.FieldError) {
	for _, w := range warnings {
		if _, ok := r.job.Warnings[w.Code]; !ok {
			r.job.FirstWarnings[w.Code] = fmt.Sprintf("line %d: %s", line, w.Message)
		}
		r.job.Warnings[w.Code]++
	}
}

// saveEvery is how much work at most is done again after a crash, in time.
const saveEvery = 500 * time.Millisecond

// checkpoint is called when all rows up to a number are told.
func (r *importRun) checkpoint(counts client.Counts, upTo int64) error {
	r.job.Counts, r.job.Sent = r.before.Add(counts), upTo
	if most := r.job.MaxErrors; most > 0 && r.job.rejected() > most {
		return errTooMany
	}
	if time.Since(r.saved) < saveEvery {
		return nil
	}
	return r.save("running")
}

func (r *importRun) save(status string) error {
	if r.torn {
		return nil
	}
	size, err := r.rejects.flush()
	if err != nil {
		return err
	}
	r.saved = time.Now()
	r.job.RejectsSize, r.job.Status, r.job.Updated = size, status, r.saved.UTC().Truncate(time.Millisecond)
	return r.job.save()
}

// end says how it ended, and how to go on.
func (r *importRun) end(err error) error {
	j := r.job
	resume := "armslog import resume " + j.ID
	switch {
	case err == nil:
		return r.finish()
	case errors.Is(err, errTooMany):
		return errors.Join(&codedError{"too_many_errors", fmt.Sprintf("more than %d rows were rejected", j.MaxErrors),
			"see " + j.RejectsFile + "; go on with: " + resume + " --max-errors 0", exitError}, r.save("stopped"))
	case errors.Is(err, context.Canceled):
		saved := r.save("interrupted")
		fmt.Fprintf(r.app.err, "interrupted after line %s; resume with: %s\n", count(j.Line), resume)
		return errors.Join(silent(exitInterrupted), saved)
	}
	saved := r.save("stopped")
	fmt.Fprintf(r.app.err, "stopped after line %s; resume with: %s\n", count(j.Line), resume)
	return errors.Join(err, saved)
}

func (r *importRun) finish() error {
	if err := r.save("finished"); err != nil {
		return err
	}
	receipt, err := r.job.writeReceipt()
	if err != nil {
		return err
	}
	if err := r.app.object(receipt, func() error { return r.report() }); err != nil {
		return err
	}
	if r.job.rejected() > 0 {
		return silent(exitRejected)
	}
	return nil
}

// baseName is a file's name without folder and ending.
func baseName(name string) string {
	if name == "-" {
		return "stdin"
	}
	name = filepath.Base(name)
	return name[:len(name)-len(filepath.Ext(name))]
}

// openFile opens a file of rows; a directory is none.
func openFile(name string) (*os.File, os.FileInfo, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &codedError{"not_a_file", name + " is a directory", "name one of the files in it", exitError}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
