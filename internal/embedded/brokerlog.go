package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// brokerLog passes the engine's warnings and errors on. Topic and file names
// hold organisation ids, which never reach a log, so only numbers and the
// innermost errors are filled into its messages.
type brokerLog struct{ log *slog.Logger }

func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn || level == kfake.LogLevelNone {
		return
	}
	masked := make([]any, len(args))
	for i, arg := range args {
		masked[i] = mask(arg)
	}
	message := slog.String("message", fmt.Sprintf(format, masked...))
	if level == kfake.LogLevelError {
		l.log.Error("broker", message)
		return
	}
	l.log.Warn("broker", message)
}

func mask(arg any) any {
	switch v := arg.(type) {
	case int, int16, int32, int64, bool:
		return v
	case error:
		for next := errors.Unwrap(v); next != nil; next = errors.Unwrap(v) {
			v = next
		}
		if errno, ok := v.(syscall.Errno); ok {
			return errno
		}
		return fmt.Sprintf("%T", v) // other texts may name a topic
	default:
		return "…"
	}
}
