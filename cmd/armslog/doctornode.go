package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/armslog/armslog/internal/client"
)

// lookAtNode asks one node how it is: whether it lives, whether it is ready, who
// is signed in there, and what it finds of itself. Nothing is asked twice: how it
// is now is what matters.
func (e *examination) lookAtNode(ctx context.Context, address string) {
	c, err := e.app.clientAt(address, time.Nanosecond)
	if err != nil {
		e.must("registry", "", err)
		return
	}
	get := func(path string, out any) (client.Meta, error) {
		ctx, cancel := context.WithTimeout(ctx, lookWithin)
		defer cancel()
		meta, err := c.Get(ctx, path, nil, out)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, client.ErrOutcomeUnknown) {
			err = &codedError{"unreachable", "it takes connections, and does not answer", "look at its log, and whether its machine is overloaded or paused", exitError}
		}
		return meta, err
	}
	asked := time.Now()
	meta, err := get("/healthz", nil)
	e.must("registry", withoutPassword(address), err)
	if err != nil {
		return
	}
	says, err := sameTime(meta.Date, asked, time.Now())
	e.should("time", says, err)

	var body client.Readiness
	_, err = get("/readyz", &body)
	var refusal *client.Problem
	if errors.As(err, &refusal) {
		body.Checks = refusal.Checks
		err = &codedError{refusal.Code, cmp.Or(refusal.Detail, refusal.Title), "see what has failed below", exitError}
	}
	says = "it answers requests"
	if body.Leads {
		says = "it answers requests, and leads"
	}
	e.must("ready", says, err)
	if err == nil {
		var me client.Me
		_, err := get("/v1/me", &me)
		e.must("signed in", me.Organisation+" as "+strings.Join(me.Roles, ", "), err)
	}
	var all client.Checks
	if _, err := get("/v1/checks", &all); err == nil { // to whom it shows more
		body.Checks = all.Checks
	}
	for _, check := range body.Checks {
		e.add(check, nil)
	}
}

// maxSkew is how far this machine's clock may be off a node's: the registry goes
// by its own, and times that are typed here are meant by this one.
const maxSkew = 5 * time.Second

// sameTime holds the time that a node has told against when it was asked, and
// when it had answered.
func sameTime(told, asked, answered time.Time) (string, error) {
	if told.IsZero() {
		return "the registry does not say", nil
	}
	var off time.Duration
	switch latest := told.Add(time.Second); { // it tells whole seconds
	case latest.Before(asked):
		off = asked.Sub(latest)
	case told.After(answered):
		off = told.Sub(answered)
	}
	if off <= maxSkew {
		return "this machine's is the registry's", nil
	}
	return "", &codedError{"clock_differs", fmt.Sprintf("this machine's clock and the registry's differ by %s", off.Round(time.Second)),
		"set whichever is wrong, by NTP; a node whose clock is wrong does not lead", exitError}
}

func (a *app) lookAtTables(ctx context.Context) (string, error) {
	resp, err := a.askClickHouse(ctx, "SELECT version()", "TabSeparated")
	var coded *codedError
	if errors.As(err, &coded) {
		return "", &codedError{coded.code, coded.message, "start ClickHouse, or give its address in the setting sql; registration, search and inbox do not need it", exitError}
	}
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return "", fmt.Errorf("ask the analysts' tables: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the analysts' tables refuse: %s", strings.TrimSpace(string(text)))
	}
	return "ClickHouse " + strings.TrimSpace(string(text)), nil
}
