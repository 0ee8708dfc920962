// Command armslog is the registry: the servers, and the client of its API.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/armslog/armslog/internal/embedded"
)

func main() {
	embedded.MaybeRunChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
