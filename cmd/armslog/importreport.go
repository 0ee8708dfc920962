package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// announce says what is about to be imported, and how to go on with it.
func (a *app) announce(in *importInput, j *job) {
	line := baseWithEnding(in.name)
	if in.rows > 0 {
		line += "   " + plural(int(in.rows), "row", "rows")
	}
	if j.MapName != "" {
		line += "   map " + j.MapName
	}
	a.note("%s   job %s        (resume: armslog import resume %s)", line, j.ID, j.ID)
}

func baseWithEnding(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		return name[i+1:]
	}
	return name
}

// bar is the progress on a terminal, and nothing elsewhere.
type bar struct{ bar *progressbar.ProgressBar }

func (a *app) newBar(in *importInput) *bar {
	if a.global.quiet || !terminal(a.err) {
		return &bar{}
	}
	size := in.size
	if size == 0 {
		size = -1
	}
	return &bar{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(20),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: " "}),
	)}
}

func (b *bar) set(read int64) {
	if b.bar != nil {
		_ = b.bar.Set64(read)
	}
}

func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// report writes what became of the file, for people.
func (r *importRun) report() error {
	j := r.job
	rec := j.receipt()
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{{rec.Registered, "registered"}, {rec.Amended, "amended"}, {rec.Unchanged, "unchanged"}, {rec.Rejected, "rejected"}, {rec.Filtered, "filtered"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n)+" "+p.what)
		}
	}
	if len(parts) == 0 {
		parts = []string{"no rows"}
	}
	rows := rec.Rows - r.rowsBefore
	rate := fmt.Sprintf("%s rows/s", perSecond(rows, time.Since(r.began)))
	if rec.Registered == 0 && rec.Amended == 0 && rec.Unchanged > 0 {
		rate = "nothing appended"
	}
	fmt.Fprintf(r.app.out, " 100%% %s %s   %s\n", strings.Repeat("█", 20), strings.Join(parts, "   "), rate)
	r.reportWarnings()
	if rec.Rejected > 0 {
		fmt.Fprintf(r.app.out, "rejected   %7s   %s → %s (fix and import again)\n", count(rec.Rejected), pad(countsByCode(rec.Errors), 22), j.RejectsFile)
	}
	if rec.Matches > 0 {
		fmt.Fprintf(r.app.out, "meets earlier questions: %s\n", plural(int(rec.Matches), "match", "matches"))
	}
	r.app.note("receipt → %s", j.ReceiptFile)
	if rec.Rejected > 0 {
		r.app.note("exit 3 (finished, some rows rejected)")
	}
	return nil
}

func (r *importRun) reportWarnings() {
	j := r.job
	for _, code := range sortedKeys(j.Warnings) {
		fmt.Fprintf(r.app.out, "warnings   %7s   %s: %s\n", count(j.Warnings[code]), code, j.FirstWarnings[code])
	}
}

// perSecond is a rate: 58k, or 312.
func perSecond(n int64, d time.Duration) string {
	rate := int64(float64(n) / max(d.Seconds(), 0.001))
	if rate >= 10_000 {
		return count(rate/1000) + "k"
	}
	return count(rate)
}

// countsByCode is "not_a_firearm 154, too_long 1", the commonest first.
func countsByCode(codes map[string]int64) string {
	names := sortedKeys(codes)
	slices.SortStableFunc(names, func(x, y string) int { return int(codes[y] - codes[x]) })
	for i, name := range names {
		names[i] = name + " " + count(codes[name])
	}
	return strings.Join(names, ", ")
}
