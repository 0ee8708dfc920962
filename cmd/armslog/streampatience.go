package main

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/armslog/armslog/internal/client"
)

// firstPatience is how long a registry is waited for that was never there: a
// wrong address, or one that was not started, will hardly come by waiting.
const firstPatience = 15 * time.Second

// mayBeAway is how long nothing may move before the stream is given up.
func (s *stream) mayBeAway() time.Duration {
	if s.met {
		return s.patience
	}
	return min(s.patience, firstPatience)
}

// still says that the registry closed a connection because no row came for
// long, which is how a file that grows slowly looks from there.
func (s *stream) still(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status == http.StatusRequestTimeout && !slices.ContainsFunc(s.waiting, func(it item) bool { return it.number > 0 })
}

// passing says whether another connection may do better.
func passing(err error) bool {
	var p *client.Problem
	if errors.As(err, &p) {
		switch p.Status {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return p.Code != "quota_exceeded"
		}
		return false
	}
	return errors.Is(err, client.ErrOutcomeUnknown) || errors.Is(err, client.ErrUnreachable)
}
