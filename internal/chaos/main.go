package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/armslog/armslog/internal/embedded"
)

// config of a run.
type config struct {
	length time.Duration // of the faults
	seed   uint64        // of all that is drawn; what runs at that moment does not repeat
	pace   time.Duration // mean pause between two faults
	think  time.Duration // mean pause of a caller between two requests
	dir    string        // "" = a temporary one, kept when something was found
	binary string        // of armslog; "" builds it
	out    io.Writer
}

func main() {
	embedded.MaybeRunChild()
	cfg := config{out: os.Stdout}
	flag.DurationVar(&cfg.length, "for", 2*time.Minute, "how long there are faults")
	flag.Uint64Var(&cfg.seed, "seed", rand.Uint64N(1_000_000), "of what is drawn")
	flag.DurationVar(&cfg.pace, "pace", 4*time.Second, "mean pause between two faults")
	flag.DurationVar(&cfg.think, "think", 200*time.Millisecond, "mean pause of a caller between two requests")
	flag.StringVar(&cfg.dir, "dir", "", "keep all data and logs here (default a temporary directory, kept when something is wrong)")
	flag.StringVar(&cfg.binary, "armslog", "", "program that the nodes run (default it is built from here)")
	again := flag.String("check", "", "check a seen.json of a run before, instead of a new run")
	flag.Parse()
	if *again != "" {
		exit(checkAgain(cfg.out, *again))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, cfg)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

var (
	// errBroken is returned when a promise was broken.
	errBroken = errors.New("a promise was broken")
	// errBlind is returned when the check does not see what it must.
	errBlind = errors.New("the check is blind")
)

func run(ctx context.Context, cfg config) (err error) {
	if cfg.dir == "" {
		if cfg.dir, err = os.MkdirTemp("", "armslog-chaos-"); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		defer func() {
			if err == nil {
				_ = os.RemoveAll(cfg.dir)
				return
			}
			err = fmt.Errorf("%w; data and logs are in %s", err, cfg.dir)
		}()
	} else if err := os.MkdirAll(cfg.dir, 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	fmt.Fprintf(cfg.out, "seed %d, faults for %s\n", cfg.seed, cfg.length)
	w, err := begin(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.fleet.Close()) }()
	return w.run(ctx)
}

// run breaks things under load, mends them, and checks.
func (w *world) run(ctx context.Context) error {
	l := w.startLoad(ctx)
	f := w.startFaults(ctx)
	if err := w.tell(ctx, l, f); err != nil {
		return err
	}
	if err := f.mend(ctx); err != nil {
		return err
	}
	requests, err := l.finish(ctx)
	if err != nil {
		return err
	}
	seen, err := w.observe(ctx, requests)
	if err != nil {
		return err
	}
	r := &record{Requests: requests, Seen: seen}
	r.Faults, r.Died = f.history()
	if err := keep(w.cfg.dir, r); err != nil {
		return err
	}
	return verdict(w.cfg.out, r, w.fsck(ctx))
}

// verdict checks, reports, and holds that the check would have seen it.
func verdict(out io.Writer, r *record, fsck error) error {
	found := check(r.Requests, r.Seen)
	for _, who := range r.Died {
		found.add(kindDied, "%s", who)
	}
	if fsck != nil {
		found.add(kindTables, "%v", fsck)
	}
	report(out, r, found)
	if len(found) > 0 {
		return errBroken
	}
	seen, missed := tamper(r.Requests, r.Seen)
	fmt.Fprintf(out, "the check itself: what was seen was tampered with in %d ways, and it objected to %d\n", len(tamperings), seen)
	if len(missed) > 0 {
		return fmt.Errorf("%w: %s", errBlind, strings.Join(missed, "; "))
	}
	return nil
}

// tell says every minute how it goes, until the faults are over.
func (w *world) tell(ctx context.Context, l *load, f *faults) error {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	over := time.After(w.cfg.length)
	for {
		select {
		case <-minute.C:
			fmt.Fprintf(w.cfg.out, "%s  faults %d  acknowledged %d\n", time.Now().UTC().Format("15:04:05"), f.count(), l.acknowledged())
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
