package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// tablesWithin bounds a query for a list.
const tablesWithin = 10 * time.Second

func (c *call) tables() (Tables, error) {
	if c.cfg.Tables == nil {
		return nil, &UnavailableError{Code: "unavailable", RetryAfter: time.Minute}
	}
	return c.cfg.Tables, nil
}

// list serves one page that ClickHouse knows. Whatever goes wrong there is
// "unavailable": it must not look like a fault of the request.
func list[T any](c *call, query func(context.Context, Tables, PageQuery) (Page[T], error)) error {
	t, err := c.tables()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), tablesWithin)
	defer cancel()
	page, err := query(ctx, t, PageQuery{Limit: int(c.number("limit")), After: c.text("after"), MinSeq: c.number("min_seq")})
	if err != nil {
		return c.tablesError(err)
	}
	if page.Items == nil {
		page.Items = []T{} // an empty list is a list
	}
	return c.json(http.StatusOK, page.Seq, page)
}

func (c *call) tablesError(err error) error {
	if errors.Is(err, ErrCursor) {
		return invalidParameter("invalid_parameter", "/query/after", "after is no cursor of this list", "take it from next of the page before")
	}
	var problem *Problem
	var unavailable *UnavailableError
	if errors.As(err, &problem) || errors.As(err, &unavailable) || c.r.Context().Err() != nil {
		return err
	}
	c.cfg.Log.Error("query failed", "route", c.route.path, "error", err)
	return &UnavailableError{Code: "unavailable", RetryAfter: 5 * time.Second}
}

// timeText is a log time as people read it.
func timeText(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}
