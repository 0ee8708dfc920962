package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/armslog/armslog/internal/embedded/process"
)

// stopGrace bounds an orderly stop of a child process.
const stopGrace = 5 * time.Second

// RunBroker serves until ctx is done. It writes the broker's address as one
// line to ready once clients can connect.
func RunBroker(ctx context.Context, cfg BrokerConfig, ready io.Writer) error {
	b, err := StartBroker(cfg)
	if err != nil {
		return err
	}
	defer b.Close()
	if _, err := fmt.Fprintln(ready, b.Addr()); err != nil {
		return fmt.Errorf("report broker address: %w", err)
	}
	<-ctx.Done()
	return nil
}

// BrokerProcess is a broker in a process of its own, which can be killed
// without taking anything else along.
type BrokerProcess struct {
	*process.Process
	addr string
}

// StartBrokerProcess runs this very program again as a broker; its main (or
// TestMain) must call MaybeRunChild first. Log and ListenFunc of cfg are not
// handed on; the child's messages go to stderr.
func StartBrokerProcess(cfg BrokerConfig, stderr io.Writer) (*BrokerProcess, error) {
	if !canBeChild.Load() {
		return nil, errNoChild
	}
	self, err := process.Self()
	if err != nil {
		return nil, err
	}
	arg, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("encode broker settings: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	defer read.Close()
	p, err := process.Start(process.Config{Path: self, Args: []string{brokerChild, string(arg)}, Stdout: write, Stderr: stderr})
	_ = write.Close() // the child holds the other copy: its death ends the read below
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		p.Kill()
		return nil, fmt.Errorf("start broker process: %w", p.Err())
	}
	return &BrokerProcess{Process: p, addr: strings.TrimSpace(line)}, nil
}

// Addr is the bootstrap address, host:port.
func (b *BrokerProcess) Addr() string { return b.addr }

// Close stops the broker in order, within five seconds.
func (b *BrokerProcess) Close() { b.Stop(stopGrace) }
