package realkafka

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/armslog/armslog/internal/embedded/filelock"
)

// pom names Kafka's version; Maven finds what it needs.
//
//go:embed pom.xml
var pom []byte

// Jars returns the directory that holds Kafka, resolved by the user's own mvn
// once and kept in the cache directory, where it appears whole or not at all.
func Jars(ctx context.Context) (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory: %w", err)
	}
	cache := filepath.Join(user, "armslog")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", fmt.Errorf("create cache directory: %w", err)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(cache, "kafka.lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	sum := sha256.Sum256(pom)
	dir := filepath.Join(cache, "kafka-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, resolve(ctx, dir)
}

// resolve runs Maven with strict checksums.
func resolve(ctx context.Context, dir string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("resolve kafka: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "kafka-resolve-")
	if err != nil {
		return fmt.Errorf("create directory for kafka: %w", err)
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "pom.xml")
	if err := os.WriteFile(file, pom, 0o600); err != nil {
		return fmt.Errorf("write pom: %w", err)
	}
	libs := filepath.Join(temp, "libs")
	out, err := exec.CommandContext(ctx, mvn, "-q", "-B", "-C", "-f", file, "dependency:copy-dependencies", "-DoutputDirectory="+libs).CombinedOutput()
	if err != nil {
		return fmt.Errorf("resolve kafka with mvn: %w: %s", err, out)
	}
	if err := os.Rename(libs, dir); err != nil {
		return fmt.Errorf("put kafka into the cache: %w", err)
	}
	return nil
}
