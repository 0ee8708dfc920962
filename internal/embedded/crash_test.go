package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/embedded/process"
)

func TestClickHouseKilledKeepsItsRows(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir)
	query(t, c, "CREATE TABLE default.kept (id UInt64) ENGINE = MergeTree ORDER BY id")
	for round := range 3 {
		query(t, c, fmt.Sprintf("INSERT INTO default.kept VALUES (%d)", round))
		c.Kill()
		require.Error(t, c.Err(), "a kill is no clean exit")
		c = start(t, dir)
		require.Equal(t, fmt.Sprint(round+1), query(t, c, "SELECT count() FROM default.kept"))
	}
	began := time.Now()
	c.Close()
	require.NoError(t, c.Err(), "an orderly stop is a clean exit")
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestClickHouseDirectoryHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir)
	_, err := embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: dir})
	require.ErrorIs(t, err, embedded.ErrInUse)
	require.Equal(t, "1", query(t, c, "SELECT 1"))
}

func TestClickHouseSaysWhyItDidNotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	_, err = embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: t.TempDir(), TCPPort: port, HTTPPort: port})
	require.ErrorContains(t, err, "Address already in use")

	nothing := t.TempDir() + "/libchdb.so"
	require.NoError(t, os.WriteFile(nothing, []byte("no library"), 0o600))
	_, err = embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Engine: embedded.Engine{Path: nothing}, Dir: t.TempDir()})
	require.ErrorContains(t, err, "open engine library")
}

// ownerDir, set in the environment, makes the test binary the process that
// TestEnginesEndWithTheirOwner kills: it starts both engines and waits.
const ownerDir = "ARMSLOG_TEST_OWNER"

func own(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engine, err := embedded.FindClickHouse(ctx, nil)
	if err != nil {
		return err
	}
	c, err := embedded.StartClickHouse(ctx, embedded.ClickHouseConfig{Engine: engine, Dir: dir + "/tables"})
	if err != nil {
		return err
	}
	if _, err := c.Query(ctx, "CREATE TABLE default.kept (id UInt64) ENGINE = MergeTree ORDER BY id"); err != nil {
		return err
	}
	if _, err := c.Query(ctx, "INSERT INTO default.kept VALUES (7)"); err != nil {
		return err
	}
	b, err := embedded.StartBrokerProcess(embedded.BrokerConfig{Dir: dir + "/log", Sync: true}, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(b.Addr())
	<-c.Done()
	return errors.New("the engine ended before its owner")
}

func TestEnginesEndWithTheirOwner(t *testing.T) {
	embeddedtest.Engine(t)
	self, err := process.Self()
	require.NoError(t, err)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	dir := t.TempDir()
	owner, err := process.Start(process.Config{
		Path: self, Stdout: write, Stderr: os.Stderr, Env: append(os.Environ(), ownerDir+"="+dir),
	})
	require.NoError(t, err)
	t.Cleanup(owner.Kill)
	require.NoError(t, write.Close())
	addr, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err)
	createTopic(t, client(t, strings.TrimSpace(addr)), nil)
	_, err = produce(t.Context(), client(t, strings.TrimSpace(addr)), "kept")
	require.NoError(t, err)

	require.NoError(t, owner.Signal(os.Kill)) // the owner alone, not its group
	<-owner.Done()
	c := start(t, dir+"/tables") // the engines left behind would still hold the directories
	require.Equal(t, "7", query(t, c, "SELECT id FROM default.kept"))
	b := embeddedtest.Broker(t, embedded.BrokerConfig{Dir: dir + "/log"})
	require.Equal(t, []string{"kept"}, readAll(t, client(t, b.Addr())))
}
