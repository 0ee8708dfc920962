package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// The first argument that turns this program into the child of another copy
// of itself. They are no commands for people, so they look like none.
const (
	brokerChild     = "__embedded-broker"
	clickhouseChild = "__embedded-clickhouse"
)

// canBeChild is set by MaybeRunChild. A program that does not call it would
// run as itself again, with children of its own, without end.
var canBeChild atomic.Bool

var errNoChild = errors.New("this program cannot be its own child: main or TestMain does not call embedded.MaybeRunChild")

// MaybeRunChild runs an engine and exits when this process was started as the
// child of StartBrokerProcess or StartClickHouse; otherwise it returns at once.
// main and every TestMain that uses those MUST call it before anything else.
func MaybeRunChild() {
	canBeChild.Store(true)
	if len(os.Args) < 3 {
		return
	}
	var err error
	switch args := os.Args[2:]; os.Args[1] {
	case brokerChild:
		err = runBrokerChild(untilOrphaned(), args[0])
	case clickhouseChild:
		err = runLibrary(args[0], args[1:])
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// untilOrphaned is done when the parent closes the pipe to our standard input
// (which its death does too) or somebody sends SIGTERM. Ctrl-C is the parent's.
func untilOrphaned() context.Context {
	signal.Ignore(os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return ctx
}

func runBrokerChild(ctx context.Context, settings string) error {
	var cfg BrokerConfig
	if err := json.Unmarshal([]byte(settings), &cfg); err != nil {
		return fmt.Errorf("decode broker settings: %w", err)
	}
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	return RunBroker(ctx, cfg, os.Stdout)
}
