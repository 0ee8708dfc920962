package sim

import (
	"syscall"
	"testing"
	"time"
)

// ReportCPU lets d pass and reports what share of one core the process used.
func ReportCPU(b *testing.B, d time.Duration) {
	before := CPU()
	<-time.After(d)
	b.ReportMetric(100*float64(CPU()-before)/float64(d), "%core")
}

// CPU is what the process has used of all cores so far. Held against work done
// it says more than the clock on a machine that others use too.
func CPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Body is a record's data of usual length.
const Body = `{"source":{"system":"state-rdo","id":"D-101/2019/384/1"},"category":"seized","illicit_basis":["law_of_place"],` +
	`"firearm":{"type":"revolver","make":"taurus","make_code":"TAS","model":"82","calibre":"38","country_of_manufacture":"BR",` +
	`"marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187"}]},` +
	`"incident":{"date":"2019","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","case_number":"D-101/2019/384","circumstance":"vehicle_stop"},` +
	`"retain_until":"2031-11-23"}`
