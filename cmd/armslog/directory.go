package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) orgCommand() *cobra.Command {
	return a.group("org", "Who takes part: list, show, put, skip-lost", a.orgList(), a.orgShow(), a.orgPut(), a.orgSkipLost())
}

func (a *app) orgList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the organisations",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/organisations", url.Values{}, whole, []column{
				{"ID", "organisation_id", false}, {"KIND", "kind", false}, {"COUNTRY", "country", false}, {"NAME", "name", false},
				{"PARENT", "parent", false}, {"INBOX", "inbox", false}, {"RIGHTS", "rights", false},
			})
		},
	}
}

func (a *app) orgShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show [ORG]",
		Short: "Show an organisation; without a name, who you are",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				var me json.RawMessage
				if _, err := c.Get(cmd.Context(), "/v1/me", nil, &me); err != nil {
					return err
				}
				return a.object(me, func() error { return a.fields(me) })
			}
			var ids []string
			for item, err := range items(cmd.Context(), c, "/v1/organisations", url.Values{}, whole) {
				if err != nil {
					return err
				}
				var o events.OrganisationSubmitted
				if err := json.Unmarshal(item, &o); err != nil {
					return fmt.Errorf("read organisation: %w", err)
				}
				if strings.EqualFold(o.OrganisationID, args[0]) {
					return a.object(item, func() error { return a.fields(item) })
				}
				ids = append(ids, o.OrganisationID)
			}
			return &codedError{"not_found", fmt.Sprintf("there is no organisation %q", args[0]), "there are: " + strings.Join(ids, ", "), exitError}
		},
	}
}

// putCommand sends the body of a request of the directory.
func (a *app) putCommand(use, short, path string, t events.Type, done string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  exactArgs("FILE|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.readBody(args[0])
			if err != nil {
				return err
			}
			return a.post(cmd.Context(), t, path, body, func(r *events.Reply) error {
				return a.outcome(joined(done, r.Status, r.ID))(r)
			})
		},
	}
}

func (a *app) orgPut() *cobra.Command {
	return a.putCommand("put FILE|-", "Name or amend an organisation: its full state as JSON", "/v1/organisations", events.TypeOrganisationSubmitted, "organisation")
}

func (a *app) orgSkipLost() *cobra.Command {
	var to int64
	c := &cobra.Command{
		Use:   "skip-lost ORG --to OFFSET",
		Short: "Let an organisation's mailbox go on behind requests that it has lost",
		Long: "A mailbox stops when requests in it were deleted before they were decided. armslog doctor, asked by an administrator of the\n" +
			"General Secretariat, says which one, and up to which offset it has lost them: that is OFFSET. What is lost before it is then\n" +
			"passed over, what is still there is decided, and the organisation is told that it may have to send again.",
		Args: exactArgs("ORG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to < 1 {
				return &usageError{"--to is missing, or no offset", "armslog doctor names it"}
			}
			if err := a.confirm(fmt.Sprintf("pass over what the mailbox of %s has lost before offset %d", args[0], to)); err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			body := map[string]int64{"to": to}
			return a.send(cmd.Context(), c, "/v1/organisations/"+url.PathEscape(args[0])+"/mailbox-skips", body, func(r *events.Reply) error {
				if err := a.outcome(fmt.Sprintf("what %s has lost before offset %d may be passed over", r.ID, to))(r); err != nil {
					return err
				}
				a.note("it is told what to send again; armslog doctor says whether its mailbox goes on")
				return nil
			})
		},
	}
	c.Flags().Int64Var(&to, "to", 0, "the first offset that the mailbox still holds")
	return c
}

func (a *app) agreementCommand() *cobra.Command {
	return a.group("agreement", "Who may do what: grant, revoke, list", a.agreementList(), a.agreementRevoke(),
		a.putCommand("grant FILE|-", "Give an organisation rights: the agreement as JSON", "/v1/agreements", events.TypeAgreementGranted, "agreement"))
}

func (a *app) agreementList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the agreements you may see",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/agreements", url.Values{}, whole, []column{
				{"ID", "agreement_id", false}, {"GRANTEE", "grantee", false}, {"RIGHTS", "rights", false}, {"PURPOSES", "purposes", false},
				{"FROM", "valid_from", false}, {"UNTIL", "valid_until", false}, {"STATUS", "status", false}, {"BASIS", "legal_basis", false},
			})
		},
	}
}

func (a *app) agreementRevoke() *cobra.Command {
	var reason, standing string
	c := &cobra.Command{
		Use:   "revoke AGREEMENT --reason R",
		Short: "End an agreement before its time",
		Args:  exactArgs("AGREEMENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !events.RevokeReasons.Has(reason):
				return &usageError{fmt.Sprintf("--reason %q is none", reason), "one of " + strings.Join(events.RevokeReasons.Codes(), ", ")}
			case standing != "end" && standing != "keep":
				return &usageError{fmt.Sprintf("--standing-searches %q is none", standing), "end, or keep until they lapse"}
			}
			if err := a.confirm("revoke " + args[0]); err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			body := map[string]string{"reason": reason, "standing_searches": standing}
			return a.send(cmd.Context(), c, "/v1/agreements/"+url.PathEscape(args[0])+"/revocation", body, a.outcome("revoked "+args[0]))
		},
	}
	c.Flags().StringVar(&reason, "reason", "", strings.Join(events.RevokeReasons.Codes(), ", "))
	c.Flags().StringVar(&standing, "standing-searches", "keep", "of the grantee: end, or keep until they lapse")
	return c
}
