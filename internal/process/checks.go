package process

import (
	"github.com/armslog/armslog/gateway"
)

// checks are what the process knows beside its node.
func (p *Process) checks() (all []gateway.Check) {
	found := p.pulse.last()
	if p.database != nil {
		all = append(all, checkTables(found))
	}
	for _, f := range p.followers {
		all = append(all, p.Node.CheckFollower(f.name, f.next))
	}
	if p.pulse.dir != "" && found.looked {
		all = append(all, checkDisk(found.free, found.disk, diskTight, diskFull))
	}
	return append(all, p.keys.Check())
}

func checkTables(found findings) gateway.Check {
	c := gateway.Check{Name: "clickhouse", State: gateway.CheckOK, Says: "it answers"}
	switch {
	case !found.looked:
		c.Says = "not asked yet"
	case found.tables != nil:
		c.State, c.Code, c.Detail = gateway.CheckWarning, "clickhouse_away", found.tables.Error()
		c.Says = "it does not answer: lists and SQL answer 503; registration, search and inbox go on"
		c.Do = "start it, or look at --tables, its user and password; the tables catch up by themselves"
	}
	return c
}
