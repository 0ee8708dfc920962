package process

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/armslog/armslog/gateway"
)

// Bounds of a disk: the share of it that is free.
const (
	diskTight = 0.10
	diskFull  = 0.03
)

// checkDisk holds what is free of a disk, or why that is not known, against the
// bounds under which it is tight, and full.
func checkDisk(free float64, err error, tight, full float64) gateway.Check {
	c := gateway.Check{Name: "disk", State: gateway.CheckOK, Says: fmt.Sprintf("%.0f %% free", 100*free)}
	switch {
	case err != nil:
		c.State, c.Code, c.Says, c.Detail = gateway.CheckWarning, "disk_unknown", "the disk of the node's directory cannot be looked at", err.Error()
		c.Do = "look whether the directory of --node-dir is there, and this node's own"
		return c
	case free < full:
		c.State = gateway.CheckFailed
	case free < tight:
		c.State = gateway.CheckWarning
	}
	if c.State != gateway.CheckOK {
		c.Code, c.Do = "disk_full", "make room on the disk of the node's directory, or enlarge it; with armslog up the journal lies there, too"
	}
	return c
}

// diskFree is the free share of the disk that holds a directory, or will hold it.
func diskFree(dir string) (float64, error) {
	var s syscall.Statfs_t
	err := syscall.Statfs(dir, &s)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		return diskFree(parent)
	}
	if err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	if s.Blocks == 0 {
		return 0, errors.New("the file system does not say how large it is")
	}
	return float64(s.Bavail) / float64(s.Blocks), nil
}
