package fleet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports of members lie below those that systems give to outgoing connections:
// while a member is down, nobody takes its port by chance.
const firstPort, lastPort = 10_000, 32_000

// ports are those that members of one fleet have.
type ports map[int]bool

// addrs picks n loopback addresses on which nobody listens, and no other member
// will.
func (p ports) addrs(n int) ([]string, error) {
	var picked []string
	for try := 0; len(picked) < n; try++ {
		if try == 100*n {
			return nil, fmt.Errorf("pick %d ports between %d and %d: too few are free", n, firstPort, lastPort)
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		if p[port] {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		_ = l.Close() // its member listens there
		p[port] = true
		picked = append(picked, l.Addr().String())
	}
	return picked, nil
}
