//go:build cluster

package embedded

import "errors"

// runLibrary of a node for a cluster: calling into a library needs the system's
// loader, and such a build is a static program, for images without one.
func runLibrary(string, []string) error {
	return errors.New("open engine library: this build, for clusters, cannot; ARMSLOG_CLICKHOUSE may name a clickhouse program")
}
