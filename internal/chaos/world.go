package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/fleet"
	"github.com/armslog/armslog/producers"
)

// patience bounds whatever must come to an end once all is mended.
const patience = 10 * time.Minute

// parties are who works with the registry, each with an inbox.
var parties = []events.OrgID{"NCB-BR", "NCB-CL", "NCB-PY", "WCO", fleet.Secretariat}

// world is a fleet and who works with it.
type world struct {
	cfg   config
	fleet *fleet.Fleet
	keys  map[events.OrgID]string
	http  *http.Client
	kafka *kafka.Client
}

// takeover is after how long a silent leader is replaced; Kafka's own default is
// six seconds.
const takeover = "3s"

// begin starts three brokers, three nodes and ClickHouse, and enrols everybody.
// One node projects and delivers, too: it is killed like the others, and takes
// both up again when it is back.
func begin(ctx context.Context, cfg config) (*world, error) {
	engine, err := embedded.FindClickHouse(ctx, nil)
	if err != nil {
		return nil, err
	}
	w := &world{cfg: cfg, keys: map[events.OrgID]string{}, http: &http.Client{Timeout: 20 * time.Second}}
	var keys []gateway.Key
	for i, org := range parties {
		key, token := gateway.NewKey(fmt.Sprint("chaos", i), org, gateway.Roles()...)
		keys = append(keys, key)
		w.keys[org] = token
	}
	flags := []string{"--takeover-after", takeover}
	w.fleet, err = fleet.Start(ctx, fleet.Config{
		Dir: cfg.dir, Brokers: 3, Engine: engine, Keys: keys, Program: cfg.binary,
		Nodes: []fleet.NodeConfig{
			{Roles: []string{"registry", "gateway", "projector", "courier"}, Flags: flags},
			{Roles: []string{"registry", "gateway"}, Flags: flags},
			{Roles: []string{"registry", "gateway"}, Flags: flags},
		},
	})
	if err != nil {
		return nil, err
	}
	w.kafka = producers.Connect(producers.Cluster{Brokers: w.fleet.Addrs()})
	if err := w.enrol(ctx); err != nil {
		return nil, fmt.Errorf("%w (%w)", err, w.fleet.Close())
	}
	return w, w.fleet.WaitInSync(ctx)
}

// enrol asks for the directory of the sample world.
func (w *world) enrol(ctx context.Context) error {
	paths := map[events.Type]string{
		events.TypeOrganisationSubmitted: "/v1/organisations", events.TypeAgreementGranted: "/v1/agreements",
		events.TypeReferenceSubmitted: "/v1/reference", events.TypeOperationSubmitted: "/v1/operations",
	}
	for i, r := range demo.Directory() {
		key := fmt.Sprint("directory-", i)
		for {
			a, err := w.post(ctx, 0, r.Org, paths[r.Type], key, r.Body)
			if err == nil && a.problem != nil {
				return fmt.Errorf("enrol: %w", a.problem)
			}
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// answer is a decision as a caller is told of it.
type answer struct {
	seq     uint64
	reply   *events.Reply
	problem *client.Problem // a refusal that is a decision
}

// post asks a node once. An error means that the outcome is unknown, or that
// the node cannot answer now.
func (w *world) post(ctx context.Context, node int, org events.OrgID, path, key string, body []byte) (a answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.fleet.Nodes[node].URL+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	r.Header.Set("Prefer", "wait=5")
	status, text, err := w.do(r, org)
	if err != nil {
		return a, err
	}
	if status/100 == 2 {
		a.reply = new(events.Reply)
		err = json.Unmarshal(text, a.reply)
		a.seq = a.reply.Seq
		return a, err
	}
	p := new(client.Problem)
	if err := json.Unmarshal(text, p); err != nil || p.Seq == nil {
		return a, fmt.Errorf("status %d: %s", status, text)
	}
	a.problem, a.seq = p, *p.Seq
	return a, nil
}

// get reads from a node.
func (w *world) get(ctx context.Context, node int, org events.OrgID, path string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.fleet.Nodes[node].URL+path, nil)
	if err != nil {
		return err
	}
	status, text, err := w.do(r, org)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("get %s: status %d: %s", path, status, text)
	}
	return json.Unmarshal(text, out)
}

func (w *world) do(r *http.Request, org events.OrgID) (status int, text []byte, err error) {
	r.Header.Set("Authorization", "Bearer "+w.keys[org])
	resp, err := w.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// fsck compares the tables and the inboxes with the fold, as an operator does.
func (w *world) fsck(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, w.fleet.Program(), w.fleet.FsckArgs()...).CombinedOutput()
		if err == nil {
			fmt.Fprintf(w.cfg.out, "%s", out)
			return nil
		}
		if !bytes.Contains(out, []byte("lagging")) || ctx.Err() != nil {
			return fmt.Errorf("armslog fsck: %w: %s", err, out)
		}
	}
}

// pause waits, or says that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
