// Package sim is what tests of the write path share: a broker with topics and
// clients, a journal written by hand, and a small state machine that is real
// in all that the path around it must keep.
package sim
