package main

import (
	"os"
	"runtime/debug"
)

// spareCollector lets a server's heap grow further before it is collected. The
// state is large, lives for ever and holds hardly a pointer; what a request
// allocates dies at once. GOGC, where it is set, has the last word.
func spareCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}
