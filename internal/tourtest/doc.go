// Package tourtest walks docs/tour.md as a newcomer would: it starts the first
// command of the README as a child process, types every line behind a $ and
// holds what is printed against the page, line for line. Times, seqs, ids,
// durations and rates are masked on both sides; everything else is exact.
//
// After a change of what is printed, write the page anew and read the
// difference:
//
//	go test ./internal/tourtest -run TestNewcomer -update
package tourtest
