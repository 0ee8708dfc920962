package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/matching"
)

func (a *app) policyCommand() *cobra.Command {
	return a.group("policy", "When two firearms meet: show, try, set", a.policyShow(), a.policyTry(), a.policySet())
}

func (a *app) policyShow() *cobra.Command {
	var at uint64
	c := &cobra.Command{
		Use:   "show",
		Short: "Show the matching policy in force, and when which was",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			query := url.Values{}
			if at > 0 {
				query.Set("at_seq", strconv.FormatUint(at, 10))
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/policy", query, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error { return a.showPolicy(raw) })
		},
	}
	c.Flags().Uint64Var(&at, "at-seq", 0, "the policy in force when this entry was decided")
	return c
}

func (a *app) showPolicy(raw json.RawMessage) error {
	var p struct {
		gateway.Policy
		Table matching.Policy `json:"table"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	fmt.Fprintf(a.out, "policy   %s, set at seq %s, %s\n", p.PolicySpan.Policy, count(p.Seq), p.At)
	fmt.Fprintf(a.out, "bits     fair from %d, strong from %d\n", p.Table.Bits.Fair, p.Table.Bits.Strong)
	fmt.Fprintf(a.out, "shared   a number in %d cases of one owner is at most a candidate\n", p.Table.SharedCases)
	for i, r := range p.Table.Rules {
		fmt.Fprintf(a.out, "rule %-2d  %s\n", i, r)
	}
	fmt.Fprintf(a.out, "else     %s\n", p.Table.Else)
	if x := p.Reexamination; x != nil {
		fmt.Fprintf(a.out, "asked    again since seq %s: %s of %s firearms still to be looked at\n", count(x.Of), count(x.Left), count(x.All))
	}
	var rows [][]string
	for _, h := range p.History {
		rows = append(rows, []string{count(h.Seq), h.At, h.Policy})
	}
	fmt.Fprintln(a.out)
	return a.table([]string{"FROM SEQ", "AT", "POLICY"}, rows)
}

func (a *app) policySet() *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "set FILE|-",
		Short: "Put a matching policy in force, from its seq on",
		Long:  "set puts a matching policy in force: for what comes from its seq on, and for the questions that stand, which are\nasked again. Nobody is told twice, and what has been told is never taken back. Look at armslog policy try first.",
		Args:  exactArgs("FILE|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.readPolicy(args[0])
			if err != nil {
				return err
			}
			if !a.global.dryRun {
				if err := a.confirm("put " + args[0] + " in force"); err != nil {
					return err
				}
			}
			return a.postRaw(cmd.Context(), events.TypePolicySet, "/v1/policy", body, func(raw json.RawMessage) error {
				var r events.Reply
				if err := json.Unmarshal(raw, &r); err != nil {
					return fmt.Errorf("read reply: %w", err)
				}
				if err := a.writeReply(raw, a.outcome(joined("policy", r.Status, r.ID))); err != nil || !follow {
					return err
				}
				return a.followAsking(cmd.Context(), r.Seq)
			})
		},
	}
	c.Flags().BoolVar(&follow, "follow", false, "wait until the standing questions have been asked again")
	return c
}

// askingPause is how often is looked how far the standing questions are.
const askingPause = 200 * time.Millisecond

// followAsking waits until no standing question is left to be asked again.
func (a *app) followAsking(ctx context.Context, seq uint64) error {
	a.global.minSeq = max(a.global.minSeq, seq)
	c, err := a.client()
	if err != nil {
		return err
	}
	for {
		var p struct {
			Reexamination *gateway.Reexamination `json:"reexamination"`
		}
		if _, err := c.Get(ctx, "/v1/policy", nil, &p); err != nil {
			return err
		}
		if p.Reexamination == nil {
			a.note("all standing questions have been asked again")
			return nil
		}
		select {
		case <-time.After(askingPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readPolicy reads a policy's table, and looks at it with the registry's eyes.
func (a *app) readPolicy(name string) ([]byte, error) {
	body, err := a.readBody(name)
	if err != nil {
		return nil, err
	}
	if errs := registry.PolicyProblems(body); len(errs) > 0 {
		return nil, refused(events.Explain(events.TypePolicySet, body, errs))
	}
	return body, nil
}
