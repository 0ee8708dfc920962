package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// logFlags are how a server logs to standard error.
type logFlags struct {
	verbose bool
	format  string
}

// The formats of a log.
const (
	logText = "text"
	logJSON = "json"
)

func (l *logFlags) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&l.verbose, "verbose", false, "log everything, not only warnings and worse")
	f.StringVar(&l.format, "log-format", cmp.Or(os.Getenv("ARMSLOG_LOG_FORMAT"), logText),
		"text, or json: then each line of standard error is one object with time, level and msg (ARMSLOG_LOG_FORMAT)")
}

// serverLog is the log of a server: warnings and worse, unless asked for all. In
// JSON what the program has to say beside it, up to why it ends, goes there, too:
// whoever collects the lines reads one language.
func (a *app) serverLog(l logFlags) (*slog.Logger, error) {
	level := slog.LevelWarn
	if l.verbose {
		level = slog.LevelInfo
	}
	switch l.format {
	case logText:
		return a.textLog(level), nil
	case logJSON:
		a.lines = slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: unnamed})
		return slog.New(a.lines), nil
	}
	return nil, &usageError{fmt.Sprintf("%q is no format of a log", l.format), "--log-format text or --log-format json"}
}

// textLog is a log for people to read.
func (a *app) textLog(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: unnamed}))
}

var ownTopic = regexp.MustCompile(`armslog\.(in|out)\.[A-Z0-9][A-Z0-9-]+`)

// unnamed takes organisations out of what is logged. Errors of the Kafka library
// name the topic, and mailboxes and outboxes are named after who owns them.
func unnamed(_ []string, a slog.Attr) slog.Attr {
	var text string
	switch v := a.Value.Any().(type) {
	case string:
		text = v
	case error:
		text = v.Error()
	}
	if !ownTopic.MatchString(text) {
		return a
	}
	return slog.String(a.Key, ownTopic.ReplaceAllString(text, "armslog.$1.…"))
}

// tell says something to whoever started a server: as words, or as a line of its
// JSON log, which bears it whatever the log's level.
func (a *app) tell(words, msg string, attrs ...slog.Attr) {
	if a.lines == nil {
		a.note("%s", words)
		return
	}
	a.logLine(slog.LevelInfo, msg, attrs...)
}

// logLine writes one line of the JSON log.
func (a *app) logLine(level slog.Level, msg string, attrs ...slog.Attr) {
	r := slog.NewRecord(time.Now(), level, msg, 0)
	r.AddAttrs(attrs...)
	_ = a.lines.Handle(context.Background(), r) // standard error is all there is to tell that it cannot be written to
}

// plainly is what a line of a screen says, without what aligns it.
func plainly(line string) string { return strings.Join(strings.Fields(line), " ") }
