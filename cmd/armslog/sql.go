package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) sqlCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sql [QUERY]",
		Short: "Ask the analysts' tables; read only",
		Long: "Ask the analysts' tables in ClickHouse (database analytics). Without a query it is read from\n" +
			"standard input. It goes to ClickHouse itself, as the user that the setting sql names; where\n" +
			"nothing names it, a profile in the data directory of armslog up does.",
		Example: `  armslog sql "SELECT make, count() n FROM analytics.records GROUP BY make ORDER BY n DESC LIMIT 3"`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := strings.Join(args, " ")
			if query == "" {
				text, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
				if err != nil {
					return fmt.Errorf("read query: %w", err)
				}
				query = string(text)
			}
			if strings.TrimSpace(query) == "" {
				return &usageError{"missing QUERY", cmd.Example}
			}
			return a.sql(cmd.Context(), query)
		},
	}
}

// sqlFormats are ClickHouse's names of ours; a table is made here.
var sqlFormats = map[string]string{"table": "TabSeparatedWithNames", "json": "JSON", "ndjson": "JSONEachRow", "csv": "CSVWithNames"}

func (a *app) sql(ctx context.Context, query string) error {
	format, err := a.format()
	if err != nil {
		return err
	}
	resp, err := a.askClickHouse(ctx, query, sqlFormats[format])
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return &codedError{"query_refused", strings.TrimSpace(string(text)), "the views are listed by: armslog sql \"SHOW TABLES FROM analytics\"", exitError}
	}
	if format != "table" {
		_, err = io.Copy(a.out, resp.Body)
		return err
	}
	return a.sqlTable(resp.Body)
}

func (a *app) askClickHouse(ctx context.Context, query, format string) (*http.Response, error) {
	u, err := url.Parse(a.settings.get("sql"))
	if err != nil || u.Host == "" {
		return nil, &usageError{fmt.Sprintf("setting sql %q is no address", withoutPassword(a.settings.get("sql"))), "such as http://analyst@127.0.0.1:8123"}
	}
	user := u.User
	u.User = nil
	q := u.Query()
	q.Set("default_format", format)
	u.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(query))
	if err != nil {
		return nil, fmt.Errorf("make query: %w", err)
	}
	r.Header.Set("X-ClickHouse-User", user.Username())
	if password, ok := user.Password(); ok {
		r.Header.Set("X-ClickHouse-Key", password)
	}
	h, err := a.http()
	if err != nil {
		return nil, err
	}
	defer h.CloseIdleConnections()
	resp, err := h.Do(r)
	if err != nil && ctx.Err() == nil {
		return nil, &codedError{"unreachable", "the analysts' tables cannot be reached: " + err.Error(),
			"registration, search and inbox do not need them; armslog doctor says more", exitError}
	}
	return resp, err
}

// sqlTable lines up what ClickHouse wrote with tabs.
func (a *app) sqlTable(body io.Reader) error {
	r := csv.NewReader(body)
	r.Comma, r.LazyQuotes = '\t', true
	var head []string
	var rows [][]string
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && head == nil:
			return nil
		case errors.Is(err, io.EOF):
			return a.table(head, rows)
		case err != nil:
			return fmt.Errorf("read rows: %w", err)
		case head == nil:
			head = row
		default:
			rows = append(rows, row)
		}
	}
}
