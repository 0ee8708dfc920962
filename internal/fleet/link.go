package fleet

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// network is all links, and who is cut off.
type network struct {
	mu    sync.Mutex
	links []*link
}

func newNetwork() *network { return &network{} }

// connect opens a port at which from reaches a port of to.
func (n *network) connect(from, to, target string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("open link from %s to %s: %w", from, to, err)
	}
	k := &link{from: from, to: to, target: target, listener: l, conns: map[net.Conn]struct{}{}}
	k.gate = sync.NewCond(&k.mu)
	n.mu.Lock()
	n.links = append(n.links, k)
	n.mu.Unlock()
	go k.serve()
	return l.Addr().String(), nil
}

func (n *network) cut(name string)  { n.each(name, func(k *link) { k.add(1) }) }
func (n *network) heal(name string) { n.each(name, func(k *link) { k.add(-1) }) }

func (n *network) each(name string, do func(*link)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.links {
		if k.from == name || k.to == name {
			do(k)
		}
	}
}

func (n *network) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, k := range n.links {
		errs = append(errs, k.close())
	}
	return errors.Join(errs...)
}

// link passes connections on from one member to another. While it is cut, what
// has been sent is kept back and arrives when it is healed, since the sender's
// machine would send it again until then. A connection that is opened while it
// is cut never existed: it is reset at the end.
type link struct {
	from, to, target string
	listener         net.Listener

	mu     sync.Mutex
	gate   *sync.Cond // signalled when cuts or closed changes
	cuts   int        // ends that are cut off
	closed bool
	conns  map[net.Conn]struct{}
}

func (k *link) add(cuts int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cuts += cuts
	k.gate.Broadcast()
}

// pass waits until the link is whole. It tells whether it had to wait, and
// whether the link still exists.
func (k *link) pass() (waited, exists bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.cuts > 0 && !k.closed {
		waited = true
		k.gate.Wait()
	}
	return waited, !k.closed
}

func (k *link) serve() {
	for {
		conn, err := k.listener.Accept()
		if err != nil {
			return // closed
		}
		go k.carry(conn)
	}
}

const dialLimit = 5 * time.Second

func (k *link) carry(near net.Conn) {
	if !k.hold(near) {
		return
	}
	defer k.drop(near)
	if waited, exists := k.pass(); waited || !exists {
		return
	}
	far, err := net.DialTimeout("tcp", k.target, dialLimit)
	if err != nil || !k.hold(far) {
		return // nobody is there: near is reset
	}
	defer k.drop(far)
	var both sync.WaitGroup
	both.Go(func() { k.copy(far, near) })
	both.Go(func() { k.copy(near, far) })
	both.Wait()
}

// copy passes bytes on until one end hangs up, which the other learns when the
// link is whole.
func (k *link) copy(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if _, exists := k.pass(); !exists {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if err != nil {
			_ = to.(*net.TCPConn).CloseWrite() // or it has ended already
			return
		}
	}
}

func (k *link) hold(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		_ = c.Close()
		return false
	}
	k.conns[c] = struct{}{}
	return true
}

// drop resets a connection, which says more than its end: a caller whose bytes
// were not delivered must not think they were.
func (k *link) drop(c net.Conn) {
	k.mu.Lock()
	delete(k.conns, c)
	k.mu.Unlock()
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func (k *link) close() error {
	k.mu.Lock()
	k.closed = true
	for c := range k.conns {
		_ = c.Close()
	}
	k.gate.Broadcast()
	k.mu.Unlock()
	if err := k.listener.Close(); err != nil {
		return fmt.Errorf("close link from %s to %s: %w", k.from, k.to, err)
	}
	return nil
}
