package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

// job is an import that can be resumed: what was told, up to which row. It is
// saved as it goes. Rows behind Line may have been decided too; sent again they
// are the same requests, because their ids derive from Key and their number.
type job struct {
	ID          string        `json:"job"`
	Status      string        `json:"status"` // running, interrupted, stopped, finished, aborted
	File        string        `json:"file"`
	Head        string        `json:"head"` // hash of the file's first bytes: is it still the same one?
	HeadBytes   int64         `json:"head_bytes"`
	Map         string        `json:"map,omitempty"`      // as given
	MapName     string        `json:"map_name,omitempty"` // with its version
	Sheet       string        `json:"sheet,omitempty"`
	Follow      bool          `json:"follow,omitempty"`
	MaxErrors   int64         `json:"max_errors,omitempty"`
	Key         string        `json:"key"`  // idempotency key
	Line        int64         `json:"line"` // of the last row that was told
	Told        int64         `json:"told"` // its place among the rows that are not left out
	Sent        int64         `json:"sent"` // number of the last request that was told
	Counts      client.Counts `json:"counts"`
	Filtered    int64         `json:"filtered"`
	RejectsFile string        `json:"rejects_file"`
	RejectsSize int64         `json:"rejects_size"`
	ReceiptFile string        `json:"receipt_file"`
	Started     time.Time     `json:"started"`
	Updated     time.Time     `json:"updated"`

	RejectedHere  int64             `json:"rejected_here"` // of the rejected rows: never sent
	Errors        map[string]int64  `json:"errors"`        // rejected rows by code
	Warnings      map[string]int64  `json:"warnings"`      // by code
	FirstWarnings map[string]string `json:"first_warnings"`

	path        string
	resumeAfter int64
}

func (j *job) rejected() int64 { return j.Counts.Rejected + j.RejectedHere }

// headBytes is how much of a file is looked at to know it again.
const headBytes = 64 << 10

func newJob(s *settings, in *importInput, f importFlags) (*job, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	j := &job{
		Status: "running", File: in.path, Map: f.mapping, Sheet: f.sheet, Follow: f.follow, MaxErrors: f.maxErrors, Key: events.NewRequestID().String(),
		Started: now, Updated: now, Errors: map[string]int64{}, Warnings: map[string]int64{}, FirstWarnings: map[string]string{},
	}
	if in.mapping != nil {
		j.MapName = in.mapping.Name
	}
	var err error
	if j.Head, j.HeadBytes, err = headOf(in.path, headBytes); err != nil {
		return nil, err
	}
	j.RejectsFile, j.ReceiptFile = rejectsName(in), baseName(in.name)+".receipt.json"
	dir, err := jobsDir(s)
	if err != nil {
		return nil, err
	}
	for {
		var b [2]byte
		rand.Read(b[:])
		j.ID = "imp-" + hex.EncodeToString(b[:])
		j.path = filepath.Join(dir, j.ID+".json")
		if _, err := os.Stat(j.path); errors.Is(err, fs.ErrNotExist) {
			return j, j.save()
		}
	}
}

func (j *job) save() error {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("save job: %w", err)
	}
	return replaceFile(j.path, append(text, '\n'))
}

// jobsDir is where jobs are kept: the user's state, which outlives a crash.
func jobsDir(s *settings) (string, error) {
	dir, ok := s.env("ARMSLOG_STATE_DIR")
	if !ok || dir == "" {
		base, ok := s.env("XDG_STATE_HOME")
		if !ok || base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("find state directory: %w", err)
			}
			base = filepath.Join(home, ".local", "state")
		}
		dir = filepath.Join(base, "armslog")
	}
	dir = filepath.Join(dir, "jobs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make state directory: %w", err)
	}
	return dir, nil
}

func loadJob(s *settings, id string) (*job, error) {
	dir, err := jobsDir(s)
	if err != nil {
		return nil, err
	}
	if id != filepath.Base(id) {
		return nil, &usageError{fmt.Sprintf("%q is no job", id), "armslog import status lists them"}
	}
	return readJob(filepath.Join(dir, id+".json"))
}

func readJob(path string) (*job, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &codedError{"not_found", "there is no job " + baseName(path), "armslog import status lists them", exitError}
	}
	if err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	j := &job{path: path}
	if err := json.Unmarshal(text, j); err != nil {
		return nil, fmt.Errorf("read job %s: %w", path, err)
	}
	j.resumeAfter = j.Told
	return j, nil
}

// headOf hashes the first bytes of a file, at most so many.
func headOf(path string, most int64) (hash string, n int64, err error) {
	if path == "-" {
		return "", 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(f, most))
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// sameFile says whether the job's file still begins as it did.
func (j *job) sameFile() error {
	hash, n, err := headOf(j.File, j.HeadBytes)
	if err != nil {
		return err
	}
	if hash != j.Head || n != j.HeadBytes {
		return &codedError{"file_changed", j.File + " is not the file that was being imported",
			"import it anew: rows that are registered already are unchanged", exitError}
	}
	return nil
}

// receipt says what became of all rows of a file.
type receipt struct {
	Job         string           `json:"job"`
	File        string           `json:"file"`
	Map         string           `json:"map,omitempty"`
	Rows        int64            `json:"rows"`
	Registered  int64            `json:"registered"`
	Amended     int64            `json:"amended"`
	Unchanged   int64            `json:"unchanged"`
	Rejected    int64            `json:"rejected"`
	Filtered    int64            `json:"filtered"`
	Matches     int64            `json:"matches"`
	Errors      map[string]int64 `json:"errors,omitempty"`
	Warnings    map[string]int64 `json:"warnings,omitempty"`
	LastSeq     uint64           `json:"last_seq,omitempty"`
	RejectsFile string           `json:"rejects_file,omitempty"`
	Started     time.Time        `json:"started"`
	Finished    time.Time        `json:"finished"`
}

func (j *job) receipt() receipt {
	c := j.Counts
	r := receipt{
		Job: j.ID, File: filepath.Base(j.File), Map: j.MapName, Registered: c.Registered, Amended: c.Amended, Unchanged: c.Unchanged,
		Rejected: j.rejected(), Filtered: j.Filtered, Matches: c.Matches, Errors: j.Errors, Warnings: j.Warnings, LastSeq: c.LastSeq,
		Started: j.Started, Finished: j.Updated,
	}
	r.Rows = r.Registered + r.Amended + r.Unchanged + r.Rejected + r.Filtered
	if r.Rejected > 0 {
		r.RejectsFile = j.RejectsFile
	}
	return r
}

func (j *job) writeReceipt() (json.RawMessage, error) {
	text, err := json.MarshalIndent(j.receipt(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	return text, replaceFile(j.ReceiptFile, append(text, '\n'))
}
