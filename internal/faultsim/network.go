package faultsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Fate is what becomes of one request. The zero value is that it arrives and is
// answered.
type Fate struct {
	Before time.Duration // it is on its way for so long, also when its sender has given up meanwhile
	Lost   bool          // it does not arrive, and the connection is cut
	After  time.Duration // its answer is on its way for so long
	Cut    bool          // its answer gets lost, and the connection is cut

	// No network does this; mistakes in code look like it.
	Forged bool // it does not arrive, and is answered as if it were stored
}

// Network carries requests from nodes and organisations to brokers, within the
// process. All that waits in it waits on channels and timers, as a bubble's
// clock needs it.
type Network struct {
	fate func(Call) Fate
	end  func(topic string) int64 // of a topic, for what is forged

	mu        sync.Mutex
	listeners map[string]*listener
	hosts     map[string]*host
	closed    bool
}

// host is one end of the network, as the others see it.
type host struct {
	up     bool
	conns  map[*wire]struct{}
	frozen chan struct{} // closed when it thaws; nil = it moves
}

// NewNetwork has nobody on it. fate is asked for every request and is called
// from many goroutines.
func NewNetwork(fate func(Call) Fate) *Network {
	return &Network{fate: fate, listeners: map[string]*listener{}, hosts: map[string]*host{}}
}

func (n *Network) host(name string) *host {
	h := n.hosts[name]
	if h == nil {
		h = &host{up: true, conns: map[*wire]struct{}{}}
		n.hosts[name] = h
	}
	return h
}

// Listen is for brokers: net.Listen of this network.
func (n *Network) Listen(_, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, fmt.Errorf("listen on %s: in use", address)
	}
	l := &listener{network: n, address: address, incoming: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l, nil
}

// Dialer is for one client: its connections come from there.
func (n *Network) Dialer(from string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := n.dial(ctx, from, address)
		if err != nil { // as the real one says it: no byte has left
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
		return conn, nil
	}
}

var errRefused = errors.New("connection refused")

func (n *Network) dial(ctx context.Context, from, address string) (net.Conn, error) {
	n.mu.Lock()
	l, h := n.listeners[address], n.host(from)
	up := h.up && !n.closed
	n.mu.Unlock()
	if l == nil || !up {
		return nil, errRefused
	}
	if err := n.moves(ctx, from); err != nil {
		return nil, err
	}
	client, near := net.Pipe()
	far, broker := net.Pipe()
	w := &wire{network: n, from: from, near: near, far: far}
	select {
	case l.incoming <- broker:
	case <-l.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !h.up || n.closed {
		w.cut()
		return nil, errRefused
	}
	h.conns[w] = struct{}{}
	go w.carry()
	return client, nil
}

// moves waits while a host is frozen.
func (n *Network) moves(ctx context.Context, name string) error {
	for {
		n.mu.Lock()
		frozen := n.host(name).frozen
		n.mu.Unlock()
		if frozen == nil {
			return nil
		}
		select {
		case <-frozen:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Freeze lets nothing of a host move until Thaw: nothing is lost, and nobody is
// told.
func (n *Network) Freeze(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.host(name); h.frozen == nil {
		h.frozen = make(chan struct{})
	}
}

// Thaw lets a host move again.
func (n *Network) Thaw(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.host(name); h.frozen != nil {
		close(h.frozen)
		h.frozen = nil
	}
}

// Unplug cuts a host's connections; until Plug it reaches nobody.
func (n *Network) Unplug(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.host(name)
	h.up = false
	for w := range h.conns {
		w.cut()
	}
}

// Plug ends Unplug.
func (n *Network) Plug(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.host(name).up = true
}

// Close cuts everything.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, h := range n.hosts {
		for w := range h.conns {
			w.cut()
		}
		if h.frozen != nil {
			close(h.frozen)
			h.frozen = nil
		}
	}
}

// wire is one connection: the client's end, the broker's end, and what carries
// one request and its answer at a time between them. Kafka's brokers handle the
// requests of a connection one after another, too.
type wire struct {
	network   *Network
	from      string
	near, far net.Conn
}

func (w *wire) cut() {
	_ = w.near.Close()
	_ = w.far.Close()
}

// latency is that of the network each way when nothing is wrong.
const latency = 200 * time.Microsecond

func (w *wire) carry() {
	defer func() {
		w.cut()
		w.network.mu.Lock()
		defer w.network.mu.Unlock()
		delete(w.network.hosts[w.from].conns, w)
	}()
	for w.exchange() == nil {
	}
}

// errCut ends a connection.
var errCut = errors.New("cut")

func (w *wire) exchange() error {
	request, err := readFrame(w.near)
	if err != nil {
		return err
	}
	call := callOf(w.from, request)
	if call.Key == kmsg.JoinGroup {
		shortenRebalance(request, call.Version)
	}
	fate := w.network.fate(call)
	if err := w.travel(fate.Before); err != nil {
		return err
	}
	if fate.Lost {
		return errCut
	}
	answer, err := w.deliver(request, call, fate)
	if err != nil {
		return err
	}
	if call.Key == kmsg.Produce {
		stampProduced(answer, call.Version, time.Now().UnixMilli())
	}
	if err := w.travel(fate.After); err != nil {
		return err
	}
	if fate.Cut {
		return errCut
	}
	return writeFrame(w.near, answer)
}

// deliver hands a request to the broker and returns its answer.
func (w *wire) deliver(request []byte, c Call, f Fate) (answer []byte, err error) {
	if f.Forged {
		return forgeProduced(request, c.Version, w.network.end), nil
	}
	if err := writeFrame(w.far, request); err != nil {
		return nil, err
	}
	return readFrame(w.far)
}

func (w *wire) travel(extra time.Duration) error {
	time.Sleep(latency + extra)
	return w.network.moves(context.Background(), w.from)
}

// listener is a broker's end of the network.
type listener struct {
	network  *Network
	address  string
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.address)
	})
	return nil
}

func (l *listener) Addr() net.Addr {
	a, _ := net.ResolveTCPAddr("tcp", l.address) // an address of digits: nothing is resolved
	return a
}
