package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
)

// Inbox is one page of notifications, by n.
type Inbox struct {
	Items        []events.Notification `json:"items"`
	Acknowledged uint64                `json:"acknowledged"`
	Last         uint64                `json:"last"`
}

// Inbox reads the notifications after n. With a wait it is a long poll: an
// empty page comes back only when the wait is over.
func (c *Client) Inbox(ctx context.Context, after uint64, limit int, wait time.Duration) (Inbox, error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(limit)}}
	if wait > 0 {
		q.Set("wait", strconv.Itoa(int(wait.Seconds())))
	}
	var page Inbox
	_, err := c.Get(ctx, "/v1/inbox", q, &page)
	return page, err
}
