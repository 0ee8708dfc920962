package client

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
)

// nodes are where one registry answers. All answer everything; the one that did
// last is asked.
type nodes struct {
	bases []string

	mu sync.Mutex
	at int
}

func readNodes(list string) (*nodes, error) {
	n := &nodes{}
	for one := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			return nil, fmt.Errorf("read registry's address: %w", err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("read registry's address: %q is none such as http://127.0.0.1:8080", one)
		}
		n.bases = append(n.bases, strings.TrimSuffix(u.String(), "/"))
	}
	return n, nil
}

func (n *nodes) count() int { return len(n.bases) }

func (n *nodes) now() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bases[n.at]
}

// next goes on to another node, unless somebody has done so since failed was
// asked. It says whether there is another.
func (n *nodes) next(failed *url.URL) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.bases) > 1 && strings.HasPrefix(failed.String(), n.bases[n.at]+"/") {
		n.at = (n.at + 1) % len(n.bases)
	}
	return len(n.bases) > 1
}
