package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
)

// rowsOf makes a feed of n records; between two of them it does pause.
func rowsOf(n int, pause func(i int)) func() (item, error) {
	i := 0
	return func() (item, error) {
		if i == n {
			return item{}, io.EOF
		}
		pause(i)
		i++
		body := strings.ReplaceAll(strings.Replace(stolen, "PY-7", fmt.Sprintf("PY-%d", i), 1), "\n", "")
		return item{index: int64(i), number: int64(i), body: []byte(body)}, nil
	}
}

func (w *world) stream(feed func() (item, error)) (s *stream, told *[]int64) {
	profiles := w.profiles()
	c, err := client.New(client.Config{URL: w.url, Key: profiles["ncb-py"]["key"]})
	require.NoError(w.t, err)
	told = new([]int64)
	return &stream{
		client: c, options: client.BatchOptions{Path: "/v1/records:batch", Key: "k", From: 1}, feed: feed,
		told:       func(it item, _ *client.Verdict) error { *told = append(*told, it.number); return nil },
		checkpoint: func(client.Counts, int64) error { return nil },
		retrying:   func(error, time.Duration) {},
		patience:   10 * time.Second,
	}, told
}

func (w *world) profiles() map[string]map[string]string {
	s := newSettings(func(string) (string, bool) { return "", false })
	s.values["data"] = value{text: "armslog-data"}
	profiles, _, err := s.profiles()
	require.NoError(w.t, err)
	return profiles
}

// A file that is still for longer than the registry waits is no failure: every
// row arrives, once and in order, and nobody is told that the registry is away.
func TestStillStream(t *testing.T) {
	w := newWorld(t, gateway.Bounds{ReadTimeout: 60 * time.Millisecond})
	timer := time.NewTimer(0)
	s, told := w.stream(rowsOf(6, func(int) { <-timer.C; timer.Reset(300 * time.Millisecond) }))
	away := 0
	s.retrying = func(error, time.Duration) { away++ }
	require.NoError(t, s.run(t.Context()))
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, *told)
	require.EqualValues(t, 6, s.counts.Registered)
	require.Len(t, w.journal.accepted(events.TypeRecordSubmitted), 6)
	require.Less(t, away, 3, "five pauses; on a slow machine some may look like a failure")
}

// Thousands of rows that are judged here, and bring no verdict from there, do
// not stop a stream whose queue they fill.
func TestFullQueue(t *testing.T) {
	w := newWorld(t)
	rows, ready := rowsOf(2, func(int) {}), 0
	i := int64(0)
	s, told := w.stream(func() (item, error) {
		if i++; i == 1 || i == 2*maxWaiting {
			ready++
			it, err := rows()
			it.index = i
			return it, err
		}
		if i > 3*maxWaiting {
			return item{}, io.EOF
		}
		return item{index: i, errors: []events.FieldError{{Code: "not_a_firearm"}}}, nil
	})
	s.options.ErrorsOnly = true
	require.NoError(t, s.run(t.Context()))
	require.Len(t, *told, 3*maxWaiting)
	require.EqualValues(t, 2, s.counts.Registered)
}
