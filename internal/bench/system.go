package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/internal/workload"
)

// System is the whole of armslog in this process, on embedded engines, with the
// directory that the load needs and nothing else.
type System struct {
	*single.Single
	load   workload.Load
	out    io.Writer
	bureau string // bearer token of who records
	asker  string // bearer token of who asks
	admin  string // bearer token of the General Secretariat
	client *http.Client
	last   uint64 // seq of the last row imported
	probed int    // records registered by probe
	clock  *Clock
}

// SystemConfig says what a system is measured with.
type SystemConfig struct {
	Load   workload.Load
	Sync   bool // fsync every append, as in production
	Engine embedded.Engine
	Out    io.Writer

	DecideRate int // what the leader may decide in a second; 0 = all it can
}

// StartSystem starts a system in a temporary directory; Close removes it.
func StartSystem(ctx context.Context, cfg SystemConfig) (*System, error) {
	clock := &Clock{}
	dir, err := os.MkdirTemp("", "armslog-bench-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	s, err := single.Start(ctx, single.Config{
		Dir: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", Kafka: "127.0.0.1:0", NoSync: !cfg.Sync, Engine: cfg.Engine, DecideRate: cfg.DecideRate,
		Name: "Bench", Version: "bench", Now: clock.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, err
	}
	sys := &System{Single: s, clock: clock, load: cfg.Load, out: cfg.Out, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512}}}
	if err := sys.prepare(ctx); err != nil {
		sys.Close()
		return nil, err
	}
	return sys, nil
}

// Close stops the system and removes its data.
func (s *System) Close() error {
	err := s.Stop()
	return errors.Join(err, os.RemoveAll(filepath.Dir(s.Dir)))
}

// prepare makes the directory and the keys.
func (s *System) prepare(ctx context.Context) error {
	var keys []gateway.Key
	token := func(id string, org events.OrgID, roles ...gateway.Role) string {
		k, t := gateway.NewKey(id, org, roles...)
		keys = append(keys, k)
		return t
	}
	s.admin = token("admin", single.Secretariat, gateway.Admin)
	s.bureau = token("bureau", "NCB-FJ", gateway.Admin)
	s.asker = token("asker", "WCO", gateway.Admin)
	if err := s.AddKeys(keys...); err != nil {
		return err
	}
	for _, d := range directory {
		path := "/v1/organisations"
		if d.t == events.TypeAgreementGranted {
			path = "/v1/agreements"
		}
		if err := s.until(ctx, func() error { return s.post(ctx, s.admin, path, []byte(d.body), nil) }); err != nil {
			return err
		}
	}
	return nil
}

// until tries again for a while: the gateway looks for new keys once a second.
func (s *System) until(ctx context.Context, f func() error) (err error) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		if err = f(); err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// request sends one request; headers are names, each followed by its value.
func (s *System) request(ctx context.Context, token, method, path string, body io.Reader, headers ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.client.Do(r)
}

func (s *System) post(ctx context.Context, token, path string, body []byte, reply any) error {
	res, err := s.request(ctx, token, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(text, reply)
}

// done is the last line of a batch.
type done struct {
	Done struct {
		Lines, Registered, Answered, Rejected uint64
		Matches                               uint64
		LastSeq                               uint64 `json:"last_seq"`
	} `json:"done"`
}

// batch streams n bodies and returns the closing line.
func (s *System) batch(ctx context.Context, token, path string, n int, body func([]byte, int) []byte) (d done, err error) {
	r, w := io.Pipe()
	go func() {
		buf := bufio.NewWriterSize(w, 256<<10)
		var line []byte
		for i := range n {
			line = append(body(line[:0], i), '\n')
			if _, err := buf.Write(line); err != nil {
				break
			}
		}
		w.CloseWithError(buf.Flush())
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, r)
	if err != nil {
		return d, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := s.client.Do(req)
	if err != nil {
		return d, err
	}
	defer res.Body.Close()
	var last []byte
	lines := bufio.NewReaderSize(res.Body, 256<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return d, fmt.Errorf("read verdicts: %w", err)
		}
		last = append(last[:0], line...)
	}
	if err := json.Unmarshal(last, &d); err != nil || d.Done.Lines != uint64(n) {
		return d, fmt.Errorf("batch ended with %.200s", last)
	}
	return d, nil
}

// ImportResult is what Import measured.
type ImportResult struct {
	Rows          int     `json:"rows"`
	RowsPerSecond float64 `json:"rows_per_second"`
	Decided       float64 `json:"decided_seconds"`
	InTables      float64 `json:"in_tables_seconds"`
}

// Import sends all records over HTTP as NDJSON and waits until every row has
// been acknowledged and decided, and is in ClickHouse.
func (s *System) Import(ctx context.Context) (ImportResult, error) {
	rows, _ := s.load.Len()
	began := time.Now()
	d, err := s.batch(ctx, s.bureau, "/v1/records:batch?only=errors", rows, s.load.AppendRecord)
	if err != nil {
		return ImportResult{}, err
	}
	decided := time.Since(began)
	s.last = d.Done.LastSeq
	if err := s.inTables(ctx); err != nil {
		return ImportResult{}, err
	}
	total := time.Since(began)
	r := ImportResult{Rows: rows, RowsPerSecond: perSecond(rows, total), Decided: decided.Seconds(), InTables: total.Seconds()}
	fmt.Fprintf(s.out, "import    %9.0f rows/s   NDJSON over HTTP, acknowledged and decided (%.1f s) and in ClickHouse (%.1f s)\n",
		r.RowsPerSecond, r.Decided, r.InTables)
	return r, nil
}

// inTables waits until the tables hold the last row.
func (s *System) inTables(ctx context.Context) error {
	if native, _ := s.Tables(); native == "" {
		fmt.Fprintln(s.out, "          there is no ClickHouse: the rows are decided, and in no table")
		return nil
	}
	for {
		res, err := s.request(ctx, s.bureau, http.MethodGet, "/v1/records?limit=1&min_seq="+strconv.FormatUint(s.last, 10), nil)
		if err != nil {
			return err
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		switch res.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusServiceUnavailable:
		default:
			return fmt.Errorf("wait for the tables: %s: %s", res.Status, text)
		}
	}
}
