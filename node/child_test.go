package node_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// What this binary is when a test has started it again.
const (
	envFold   = "ARMSLOG_TEST_FOLD"   // address: fold the journal and print the state's hash
	envNode   = "ARMSLOG_TEST_NODE"   // address: run a node; "dir" below makes it the broker too
	envBroker = "ARMSLOG_TEST_BROKER" // data directory of a broker within the node's process
)

func maybeRunChild() {
	var err error
	switch {
	case os.Getenv(envFold) != "":
		err = foldAndPrint(os.Getenv(envFold))
	case os.Getenv(envNode) != "":
		err = runNodeChild(os.Getenv(envNode))
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func foldAndPrint(addr string) error {
	state, err := foldJournal(context.Background(), addr)
	if err == nil {
		fmt.Printf("%d %x\n", state.Next(), state.Hash())
	}
	return err
}

// foldJournal is what any reader makes of the journal.
func foldJournal(ctx context.Context, addr string) (*registry.State, error) {
	client := producers.Connect(producers.Cluster{Brokers: []string{addr}})
	defer producers.Disconnect(client)
	j := consumers.NewJournal(client, consumers.JournalConfig{Prepare: true, Log: slog.New(slog.DiscardHandler)})
	end, err := j.End(ctx)
	if err != nil {
		return nil, err
	}
	state, b := registry.New(), &consumers.Batch{}
	return state, j.Read(ctx, 0, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		for i, e := range b.Entries {
			state.Evolve(e, b.Prepared[i])
		}
		return nil
	})
}

// runNodeChild decides the rows that it is sent, and says of each, in order,
// what was decided.
func runNodeChild(addr string) error {
	if dir := os.Getenv(envBroker); dir != "" {
		b, err := embedded.StartBroker(embedded.BrokerConfig{Dir: dir, Listen: addr, Sync: true})
		if err != nil {
			return err
		}
		defer b.Close()
	}
	points, err := failpoint.FromEnv()
	if err != nil {
		return err
	}
	n := node.New(node.Config{
		Cluster: producers.Cluster{Brokers: []string{addr}}, Leads: true, Genesis: genesis(),
		Election: childSession, Failpoints: points, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	return n.Run(ctx, func(ctx context.Context, n *node.Node) error {
		defer stop()
		return answerRows(ctx, n)
	})
}

const childSession = 300 * time.Millisecond

type asked struct {
	row     int
	pending *node.Pending
}

func answerRows(ctx context.Context, n *node.Node) error {
	rows := make(chan asked, 1000)
	go func() {
		defer close(rows)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			var row int
			_, _ = fmt.Sscan(in.Text(), &row)
			p, err := n.Submit(ctx, rowOrg(row), []events.Message{rowMessage(row)})
			if err != nil {
				return
			}
			rows <- asked{row, p}
		}
	}()
	fmt.Println("ready")
	for a := range rows {
		e, err := a.pending.Next(ctx)
		if err != nil {
			return err
		}
		fmt.Println(a.row, e.Seq, e.Verdict, e.Of)
	}
	return nil
}

// Row 0 makes the bureau known; the others are records of its own.
func rowOrg(row int) string {
	if row == 0 {
		return secretariat
	}
	return bureau
}

func rowMessage(row int) events.Message {
	if row == 0 {
		return request(secretariat, "enrol", events.TypeOrganisationSubmitted,
			fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":"CL","name":"Santiago","inbox":true}`, bureau))
	}
	return recordOf(bureau, row)
}
