//go:build unix && !linux

package process

import (
	"errors"
	"os"
)

func openTerminal() (ours, theirs *os.File, err error) {
	return nil, nil, errors.ErrUnsupported
}
