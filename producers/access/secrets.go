package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secrets is the directory of passwords: a file a user, readable by its owner
// alone. A password is stored before Kafka hears of it, so that a crash between
// the two loses none, and is never printed.
type Secrets struct{ Dir string }

// File holds the password of a user.
func (s Secrets) File(user string) string { return filepath.Join(s.Dir, user+".password") }

// open makes the directory. One in which others may write is refused: they
// could put a password of theirs there.
func (s Secrets) open() error {
	if s.Dir == "" {
		return errors.New("there is no directory for passwords")
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make directory for passwords: %w", err)
	}
	info, err := os.Stat(s.Dir)
	if err != nil {
		return fmt.Errorf("look at directory for passwords: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others may write in %s: chmod 700 %s", s.Dir, s.Dir)
	}
	return nil
}

// password of a user who is new to Kafka: the one that is there, of a run that
// was broken off or of the operator's choice, else a new one.
func (s Secrets) password(user string) (string, error) {
	if err := s.open(); err != nil {
		return "", err
	}
	there, err := os.ReadFile(s.File(user))
	if err == nil {
		password := strings.TrimSpace(string(there))
		if len(password) < minPassword {
			return "", fmt.Errorf("the password in %s has fewer than %d characters", s.File(user), minPassword)
		}
		return password, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read password: %w", err)
	}
	return s.fresh(s.File(user))
}

// minPassword bounds what an operator chooses; ours are longer.
const minPassword = 16

// rotate stores a new password beside the old one; keep puts it in its place
// once Kafka knows it.
func (s Secrets) rotate(user string) (password string, keep func() error, err error) {
	if err := s.open(); err != nil {
		return "", nil, err
	}
	next := s.File(user) + ".new"
	if password, err = s.fresh(next); err != nil {
		return "", nil, err
	}
	return password, func() error {
		if err := os.Rename(next, s.File(user)); err != nil {
			return fmt.Errorf("keep password: %w", err)
		}
		return nil
	}, nil
}

// fresh makes a password of 256 random bits and stores it, whole or not at all.
func (s Secrets) fresh(path string) (string, error) {
	password := rand.Text() + rand.Text()
	f, err := os.CreateTemp(s.Dir, ".password-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("store password: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(password + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("store password: %w", err)
	}
	return password, nil
}
