package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table writes rows under heads, without columns that are empty throughout.
func (a *app) table(head []string, rows [][]string) error {
	widths := make([]int, len(head))
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell), utf8.RuneCountInString(head[i]))
			}
		}
	}
	var b strings.Builder
	bold := terminal(a.out) && !a.global.noColor && os.Getenv("NO_COLOR") == ""
	if bold {
		b.WriteString("\x1b[1m")
	}
	writeCells(&b, head, widths)
	if bold {
		b.WriteString("\x1b[0m")
	}
	for _, row := range rows {
		b.WriteByte('\n')
		writeCells(&b, row, widths)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(a.out, b.String())
	return err
}

// writeCells writes one line, without the columns of width 0.
func writeCells(b *strings.Builder, cells []string, widths []int) {
	var line strings.Builder
	for i, cell := range cells {
		if i >= len(widths) || widths[i] == 0 {
			continue
		}
		line.WriteString(pad(cell, widths[i]+2))
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
}

// pad fills up with spaces to a width in characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 1))
}

// shortID is the beginning of an id that people read.
func shortID(id string) string { return id[:min(8, len(id))] }

// count writes a number with commas: 55,687.
func count[N int | int64 | uint64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural is "1 match", "2 matches".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
