package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/registry"
)

// tellState writes the seq and the hash of the state whenever the process is
// sent SIGUSR1, until ctx ends. Nodes that say the same seq and different hashes
// have not folded the same journal, or not by the same code.
func (a *app) tellState(ctx context.Context, n *node.Node) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1) // before it returns: else the signal ends the process
	go func() {
		defer signal.Stop(asked)
		for {
			select {
			case <-ctx.Done():
				return
			case <-asked:
			}
			var seq uint64
			var hash [32]byte
			if err := n.Read(ctx, func(s *registry.State) { seq, hash = s.Next(), s.Hash() }); err == nil {
				a.tell(fmt.Sprintf("state at seq %d: %x", seq, hash), "state", slog.Uint64("seq", seq), slog.String("hash", hex.EncodeToString(hash[:])))
			}
		}
	}()
}
