package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) operationCommand() *cobra.Command {
	return a.group("operation", "What several organisations do together: list, show, put, report, close",
		a.operationList(), a.operationShow(), a.operationReport(), a.operationClose(),
		a.putCommand("put FILE|-", "Open or amend an operation that you lead: its full state as JSON", "/v1/operations", events.TypeOperationSubmitted, "operation"))
}

func operationPath(id string) string { return "/v1/operations/" + url.PathEscape(id) }

func (a *app) operationList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the operations and programmes you take part in",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/operations", url.Values{}, whole, []column{
				{"ID", "operation_id", false}, {"KIND", "kind", false}, {"PROGRAMME", "programme", false}, {"STATUS", "status", false},
				{"LEAD", "lead", false}, {"MEMBERS", "members", false}, {"FROM", "from", false}, {"UNTIL", "until", false}, {"NAME", "name", false},
			})
		},
	}
}

func (a *app) operationShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show OPERATION",
		Short: "Show an operation",
		Args:  exactArgs("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), operationPath(args[0]), nil, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error { return a.fields(raw) })
		},
	}
}

func (a *app) operationReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report OPERATION",
		Short: "Count what counts for an operation, by country and type; -o csv for a file",
		Long: "Counts the records and searches that name the operation (--operation, incident.operation), whose sender takes part in it,\n" +
			"and that happened between its dates. Records that are withheld from you are not counted.",
		Args: exactArgs("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.writeItems(cmd.Context(), operationPath(args[0])+"/report", url.Values{}, whole, []column{
				{"COUNTRY", "country", false}, {"TYPE", "type", false}, {"QUESTIONS", "questions", false}, {"RECORDS", "records", false},
				{"SEIZURES", "seizures", false}, {"TRACES", "traces", false}, {"MATCHES", "matches", false}, {"CONFIRMED", "confirmed", false},
			})
		},
	}
}

func (a *app) operationClose() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "close OPERATION",
		Short: "End an operation: what happens later does not count for it",
		Args:  exactArgs("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !events.OperationCloseReasons.Has(reason) {
				return &usageError{fmt.Sprintf("--reason %q is none", reason), "one of " + strings.Join(events.OperationCloseReasons.Codes(), ", ")}
			}
			if err := a.confirm("close " + args[0]); err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), c, operationPath(args[0])+"/closure", map[string]string{"reason": reason}, a.outcome("closed "+args[0]))
		},
	}
	c.Flags().StringVar(&reason, "reason", "completed", strings.Join(events.OperationCloseReasons.Codes(), ", "))
	return c
}
