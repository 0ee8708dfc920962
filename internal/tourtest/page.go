package tourtest

import (
	"regexp"
	"strings"
)

// Step is one command of the page and what it is said to print.
type Step struct {
	Line    int    // of the page, from 1
	Command string // without the $; ^C ends what runs in the foreground
	Output  []string
}

// Steps are the commands of a page's console blocks, in order.
func Steps(page string) (all []Step) {
	inside := false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "), line == "^C":
			all = append(all, Step{Line: i + 1, Command: strings.TrimPrefix(line, "$ ")})
		case len(all) > 0:
			all[len(all)-1].Output = append(all[len(all)-1].Output, line)
		}
	}
	return all
}

// Rewrite is the page with other output below its commands, and in them the ids
// of that output.
func Rewrite(page string, current func(command string) string, printed [][]string) string {
	var out []string
	inside, n := false, 0
	for line := range strings.SplitSeq(page, "\n") {
		fence := strings.HasPrefix(line, "```")
		command := inside && !fence && (strings.HasPrefix(line, "$ ") || line == "^C")
		if command {
			line = current(line)
		}
		if !inside || fence || command {
			out = append(out, line)
		}
		if command && n < len(printed) {
			out = append(out, printed[n]...)
			n++
		}
		if fence {
			inside = line == "```console"
		}
	}
	return strings.Join(out, "\n")
}

// masks are what differs from run to run.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT[\d:.]+Z`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\dZ?\b`), "TIME"},
	{regexp.MustCompile(`\bimp-[0-9a-f]+`), "imp-ID"},
	{ids, "ID"},
	{regexp.MustCompile(`\bseq [\d,]+`), "seq N"},
	{regexp.MustCompile(`"(last_)?seq":\s*\d+`), `"seq":N`},
	{regexp.MustCompile(`[\d,]+k? rows/s`), "N rows/s"},
	{regexp.MustCompile(`[\d,.]+ ?(ms|s)\b`), "N s"},
	{regexp.MustCompile(`[\d,]+ entries folded, [\d,]+ rows compared`), "N entries folded, N rows compared"},
	{regexp.MustCompile(`\b20(2[7-9]|3\d)-\d\d-\d\d\b`), "DAY"}, // counted from today
	{regexp.MustCompile(`\b1,?[1-9]\d\d\b`), "N"},               // a seq of the tour in a table
	{regexp.MustCompile(`^(engine +ClickHouse, from the) \S+$`), "$1 cache"},
}

// ids are UUIDs and the beginnings of such that people are shown.
var ids = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8}\b`)

func masked(line string) string {
	for _, m := range masks {
		line = m.what.ReplaceAllString(line, m.with)
	}
	return line
}

// Masked is what is printed without what differs from run to run.
func Masked(lines []string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = masked(line)
	}
	return strings.Join(out, "\n")
}
