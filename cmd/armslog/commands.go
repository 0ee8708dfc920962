package main

import "github.com/spf13/cobra"

// commands lists every command; each stands in a file of its name.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		// Daily jobs.
		a.searchCommand(),
		a.importCommand(),
		a.inboxCommand(),
		// Nouns.
		a.recordCommand(),
		a.matchCommand(),
		a.traceCommand(),
		a.orgCommand(),
		a.agreementCommand(),
		a.policyCommand(),
		a.operationCommand(),
		a.referenceCommand(),
		a.auditCommand(),
		a.sqlCommand(),
		// The program itself.
		a.upCommand(),
		a.serveCommand(),
		a.clusterCommand(),
		a.keyCommand(),
		a.journalCommand(),
		a.fsckCommand(),
		a.rebuildCommand(),
		a.benchCommand(),
		a.configCommand(),
		a.doctorCommand(),
		a.versionCommand(),
	}
}
