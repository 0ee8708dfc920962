// Package sim is what tests of the write path share: a broker with topics and
// clients, a journal written by hand, a child process to kill, and what the
// process has used of the CPU.
package sim
