package failpoint_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/failpoint"
)

func TestMain(m *testing.M) {
	if set, err := failpoint.FromEnv(); err == nil && set != nil {
		for range 3 {
			set.Hit("here")
		}
		os.Exit(7)
	}
	os.Exit(m.Run())
}

func TestKillAtTheNthHit(t *testing.T) {
	for list, killed := range map[string]bool{"here=kill": true, "there=kill,here=kill@3": true, "here=kill@4": false} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), failpoint.Env+"="+list)
		var exit *exec.ExitError
		require.True(t, errors.As(cmd.Run(), &exit), list)
		status := exit.Sys().(syscall.WaitStatus)
		require.Equal(t, killed, status.Signaled() && status.Signal() == syscall.SIGKILL, list)
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, list := range []string{"here", "here=explode", "=kill", "here=kill@0", "here=kill@x"} {
		_, err := failpoint.Parse(list)
		require.Error(t, err, list)
	}
}

func TestNoSetHasNoPoints(t *testing.T) {
	set, err := failpoint.Parse("")
	require.NoError(t, err)
	require.Nil(t, set)
	set.Hit("here")
	n := 0
	set = set.On("here", 2, func() { n++ })
	for range 5 {
		set.Hit("here")
	}
	require.Equal(t, 1, n)
}
