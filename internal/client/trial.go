package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Try folds the registry's history under another policy and returns the result
// as it came. progress is called with the entries folded and those there are.
// The registry keeps nothing of it: whatever goes wrong, to call it again is
// safe.
func (c *Client) Try(ctx context.Context, policy []byte, progress func(folded, all uint64)) (json.RawMessage, error) {
	r, err := c.request(ctx, http.MethodPost, "/v1/policy:try", nil, bytes.NewReader(policy))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, refusal(resp)
	}
	for lines := bufio.NewReader(resp.Body); ; {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return nil, errors.Join(ctx.Err(), fmt.Errorf("read trial: it broke off: %w", err))
		}
		var line struct {
			Progress *struct{ Entries, Of uint64 }
			Result   json.RawMessage
			Error    *Problem
		}
		switch err := json.Unmarshal(text, &line); {
		case err != nil:
			return nil, fmt.Errorf("read trial: %w", err)
		case line.Error != nil:
			return nil, line.Error
		case line.Result != nil:
			return line.Result, nil
		case line.Progress != nil:
			progress(line.Progress.Entries, line.Progress.Of)
		}
	}
}
