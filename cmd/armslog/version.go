package main

import (
	"runtime"
	"runtime/debug"
)

// version is the version of this program.
const version = "0.1.0"

// built says from which commit, and by which Go.
func built() string {
	words := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return words
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))] + ", " + words
		}
	}
	return words
}
