package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

// pageSize is how many items of a list one request asks for.
const pageSize = 200

// whole is the limit of a list that comes in one piece.
const whole = -1

// items walks a list, page by page, up to limit items; 0 is all of them.
func items(ctx context.Context, c *client.Client, path string, query url.Values, limit int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		left := limit
		for {
			size := pageSize
			if limit > 0 {
				size = min(size, left)
			}
			if limit != whole {
				query.Set("limit", strconv.Itoa(size))
			}
			var page struct {
				Items []json.RawMessage `json:"items"`
				Next  string            `json:"next"`
			}
			if _, err := c.Get(ctx, path, query, &page); err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			left -= len(page.Items)
			if page.Next == "" || len(page.Items) == 0 || limit > 0 && left <= 0 {
				return
			}
			query.Set("after", page.Next)
		}
	}
}

// writeItems writes a list as it comes in.
func (a *app) writeItems(ctx context.Context, path string, query url.Values, limit int, columns []column) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	l, err := a.newList(columns)
	if err != nil {
		return err
	}
	for item, err := range items(ctx, c, path, query, limit) {
		if err != nil {
			return err
		}
		if err := l.add(item); err != nil {
			return err
		}
	}
	return l.close()
}

// resolver finds the id that a word of the command line means.
type resolver func(ctx context.Context, c *client.Client, word string) (id string, err error)

// find is the client and the id that a word means to it.
func (a *app) find(ctx context.Context, word string, r resolver) (*client.Client, string, error) {
	c, err := a.client()
	if err != nil {
		return nil, "", err
	}
	id, err := r(ctx, c, word)
	return c, id, err
}

// among looks for the beginning of an id in a list.
func among(path string) resolver {
	return func(ctx context.Context, c *client.Client, word string) (string, error) {
		return resolve(ctx, c, path, word)
	}
}

// recentItems is how far a shortened id is looked for.
const recentItems = 1000

// resolve finds the id that a shortened one means, among the newest of a list.
func resolve(ctx context.Context, c *client.Client, path, short string) (string, error) {
	if _, ok := events.ParseUUID(short); ok {
		return short, nil
	}
	return resolveAmong(ctx, c, path, url.Values{}, short)
}

// resolveAmong looks among the newest that a query of the list finds.
func resolveAmong(ctx context.Context, c *client.Client, path string, query url.Values, short string) (string, error) {
	var found []string
	if isHex(short) {
		for item, err := range items(ctx, c, path, query, recentItems) {
			if err != nil {
				return "", err
			}
			id, err := idOf(item)
			if err != nil {
				return "", err
			}
			if strings.HasPrefix(id, strings.ToLower(short)) {
				found = append(found, id)
			}
		}
	}
	return one(short, found)
}

// resolveRecord finds the record that a UUID, the beginning of one, a source
// id or a mark means.
func resolveRecord(ctx context.Context, c *client.Client, word string) (string, error) {
	if _, ok := events.ParseUUID(word); ok {
		return word, nil
	}
	for _, by := range []string{"source_id", "mark"} {
		var found []string
		for item, err := range items(ctx, c, "/v1/records", url.Values{by: {word}}, 10) {
			if err != nil {
				return "", err
			}
			id, err := idOf(item)
			if err != nil {
				return "", err
			}
			found = append(found, id)
		}
		if len(found) > 0 {
			return one(word, found)
		}
	}
	return resolve(ctx, c, "/v1/records", word)
}

func one(word string, found []string) (string, error) {
	switch len(found) {
	case 0:
		return "", &codedError{"not_found", fmt.Sprintf("%q is nothing that you may see", word),
			"an id may be shortened to a beginning that only one of the newest thousand has; else give it whole", exitError}
	case 1:
		return found[0], nil
	}
	return "", &codedError{"ambiguous", fmt.Sprintf("%q may mean %s", word, strings.Join(found, ", ")), "give more of the id", exitError}
}

func idOf(item json.RawMessage) (string, error) {
	var with struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(item, &with); err != nil {
		return "", fmt.Errorf("read item: %w", err)
	}
	return with.ID, nil
}

func isHex(s string) bool {
	return len(s) >= 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}
