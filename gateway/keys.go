package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/events"
)

// KeyFile are API keys from a file: the key's id, its organisation, its roles
// and the hash of its secret. It is read again when the file changes (looked
// at once a second at most) and on Reload, which a SIGHUP may call. A file that
// cannot be read leaves the keys as they were.
type KeyFile struct {
	path        string
	actorSecret []byte
	log         *slog.Logger
	keys        atomic.Pointer[map[string]apiKey]

	mu     sync.Mutex // guards what follows
	looked time.Time
	stamp  fileStamp
	failed error // of the last reading
}

type apiKey struct {
	hash      [sha256.Size]byte
	principal Principal
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// Key is one entry of a key file.
type Key struct {
	ID           string       `json:"id"`
	Hash         string       `json:"hash"` // "sha256:" and the hex of SHA-256(secret)
	Organisation events.OrgID `json:"organisation"`
	Roles        []Role       `json:"roles"`
}

// Keys is the content of a key file.
type Keys struct {
	Keys []Key `json:"keys"`
}

const keyPrefix = "ak_"

// Key ids appear in a header and in a hash's input: letters and digits only.
var keyID = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// NewKey makes a key: what the file holds of it, and the bearer token, which is
// stored nowhere. Secrets are 32 random bytes: a plain hash is enough, there is
// no word to guess.
func NewKey(id string, org events.OrgID, roles ...Role) (Key, string) {
	var raw [32]byte
	rand.Read(raw[:]) // never fails: it ends the program instead
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
	sum := sha256.Sum256([]byte(secret))
	return Key{ID: id, Hash: "sha256:" + hex.EncodeToString(sum[:]), Organisation: org, Roles: roles},
		keyPrefix + id + "_" + secret
}

// OpenKeyFile reads the keys of path. actorSecret keys the pairwise ids of
// actors and must stay the same as long as the registry lives.
func OpenKeyFile(path string, actorSecret []byte, log *slog.Logger) (*KeyFile, error) {
	f := &KeyFile{path: path, actorSecret: actorSecret, log: log}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload reads the file again; on an error the keys stay as they were.
func (f *KeyFile) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reload()
}

func (f *KeyFile) reload() error {
	f.failed = f.read()
	return f.failed
}

func (f *KeyFile) read() error {
	if err := f.checkMode(); err != nil {
		return err
	}
	b, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	var file Keys
	if err := json.Unmarshal(b, &file); err != nil {
		return fmt.Errorf("read keys: %s: %w", f.path, err)
	}
	keys := make(map[string]apiKey, len(file.Keys))
	for _, k := range file.Keys {
		if _, twice := keys[k.ID]; twice {
			return fmt.Errorf("read keys: key %s is there twice", k.ID)
		}
		key, err := f.check(k)
		if err != nil {
			return fmt.Errorf("read keys: key %s: %w", k.ID, err)
		}
		keys[k.ID] = key
	}
	f.keys.Store(&keys)
	return nil
}

// checkMode refuses a file that others may write, since they could give
// themselves any key. That others may read it is worth a warning: it holds
// hashes of secrets that nobody can guess, and who has which role.
func (f *KeyFile) checkMode() error {
	read, err := f.othersMayRead()
	if read {
		f.log.Warn("others may read the key file: chmod 600, unless it is a container's own")
	}
	return err
}

func (f *KeyFile) othersMayRead() (bool, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return false, fmt.Errorf("read keys: %w", err)
	}
	const othersWrite, othersRead = 0o022, 0o044
	mode := info.Mode().Perm()
	if mode&othersWrite != 0 {
		return false, fmt.Errorf("read keys: others may write %s and so make keys: chmod 600 %s", f.path, f.path)
	}
	return mode&othersRead != 0, nil
}

// Check says whether the file, as it is now, gives the keys that are used.
func (f *KeyFile) Check() Check {
	f.refresh()
	read, err := f.othersMayRead()
	if err == nil {
		f.mu.Lock()
		err = f.failed
		f.mu.Unlock()
	}
	c := Check{Name: "keys", State: CheckOK, Says: "their file is read, and its owner's alone"}
	switch {
	case err != nil:
		c.State, c.Code, c.Detail = CheckWarning, "keys_unusable", err.Error()
		c.Says = "their file cannot be used: keys stay as they were last, and the gateway would not start again"
		c.Do = "put the file right, or back from a copy; armslog key list reads it as the gateway does"
	case read:
		c.State, c.Code, c.Detail = CheckWarning, "keys_open", f.path
		c.Says, c.Do = "others may read their file: it holds hashes of secrets, and who has which role", "chmod 600, as the user that the registry runs as"
	}
	return c
}

func (f *KeyFile) check(k Key) (apiKey, error) {
	if !keyID.MatchString(k.ID) {
		return apiKey{}, fmt.Errorf("id must be %s", keyID)
	}
	if !events.ValidOrg(k.Organisation) {
		return apiKey{}, fmt.Errorf("organisation is none")
	}
	for _, r := range k.Roles {
		if !slices.Contains(Roles(), r) {
			return apiKey{}, fmt.Errorf("role %q is none of %v", r, Roles())
		}
	}
	digits, ok := strings.CutPrefix(k.Hash, "sha256:")
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size {
		return apiKey{}, fmt.Errorf("hash must be sha256: and 64 hex digits")
	}
	return apiKey{hash: [sha256.Size]byte(sum), principal: Principal{
		Organisation: k.Organisation, KeyID: k.ID, Roles: k.Roles, Actor: f.actor(k),
	}}, nil
}

// actor is pairwise: the same key under another secret is somebody else, and
// nobody can go back from it to the key.
func (f *KeyFile) actor(k Key) string {
	mac := hmac.New(sha256.New, f.actorSecret)
	mac.Write([]byte(k.Organisation + "\x00" + k.ID))
	return "u:" + hex.EncodeToString(mac.Sum(nil)[:8])
}

// Authenticate reads "Authorization: Bearer ak_<id>_<secret>".
func (f *KeyFile) Authenticate(r *http.Request) (Principal, error) {
	f.refresh()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	id, secret, _ := strings.Cut(strings.TrimPrefix(token, keyPrefix), "_")
	key, known := (*f.keys.Load())[id]
	sum := sha256.Sum256([]byte(secret))
	// Compared also where the key is unknown: the time tells nothing.
	same := subtle.ConstantTimeCompare(sum[:], key.hash[:]) == 1
	if !known || !same || !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(token, keyPrefix) {
		return Principal{}, ErrNoCredential
	}
	return key.principal, nil
}

// refresh reads the file again if it changed, at most once a second. Whoever
// comes while it is read waits for it: a key that was just made is known.
func (f *KeyFile) refresh() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.looked) < time.Second {
		return
	}
	f.looked = now
	info, err := os.Stat(f.path)
	if err != nil {
		return
	}
	stamp := fileStamp{info.ModTime(), info.Size()}
	if stamp == f.stamp {
		return
	}
	f.stamp = stamp
	if err := f.reload(); err != nil {
		f.log.Error("keys stay as they were", "error", err)
	}
}
