package registry

import (
	"cmp"
	"slices"
	"time"

	"github.com/armslog/armslog/events"
)

// keeping says until when records are kept: who is to be reminded of which day
// and when, and what expires with it. A record costs it four bytes, and a day
// of an owner 32; what is due next is found by looking at three lists.
//
// A record that is amended to another day, or withdrawn, leaves its row where
// it was: whoever comes to it asks the record itself. Where such rows become
// more than those that hold, they are swept.
type keeping struct {
	days map[events.Day][]kept   // by the last day, each sorted by owner; none without records
	due  [dayStages][]events.Day // days whose stage is still to come, sorted: the first falls due first
	told [stageExpiry]orgRef     // of the first day of a reminder: the last owner who has been told
}

// kept are an owner's records that are kept until one day.
type kept struct {
	owner orgRef
	n     uint32   // how many they are
	rows  []uint32 // subjects; each of the n is among them
}

// Stages of a day: two reminders, then the end.
const (
	stageSixMonths = iota
	stageOneMonth
	stageExpiry
	dayStages
)

// reminders are the stages before the end, in months before the last day.
var reminders = [stageExpiry]uint32{6, 1}

// stageAt is the log time at which a stage of a day falls due: reminders when
// the day begins that many months before, the end when the last day is over.
func stageAt(stage int, last events.Day) int64 {
	if stage == stageExpiry {
		return (last + 1).Start()
	}
	return monthsBefore(last, int(reminders[stage])).Start()
}

// monthsBefore is the same day of an earlier month, or the last one of a month
// that has no such day: never later than that many months before, and never
// earlier for the later of two days.
func monthsBefore(day events.Day, months int) events.Day {
	t := time.UnixMilli(day.Start()).UTC()
	first := time.Date(t.Year(), t.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	length := first.AddDate(0, 1, -1).Day()
	return events.DayOf(first.UnixMilli()) + events.Day(min(t.Day(), length)-1)
}

// keep notes until when a record is kept. Of a day that nothing was kept until
// before, only those stages are still to come whose time has not come at log
// time at.
func (k *keeping) keep(s *State, row uint32, at int64) {
	r := s.subject(row)
	owners, known := k.days[r.until]
	if !known {
		for stage := range dayStages {
			if stageAt(stage, r.until) > at {
				k.due[stage] = insertDay(k.due[stage], r.until)
			}
		}
	}
	i, found := slices.BinarySearchFunc(owners, r.org, compareOwner)
	if !found {
		owners = slices.Insert(owners, i, kept{owner: r.org})
		if k.days == nil {
			k.days = map[events.Day][]kept{}
		}
		k.days[r.until] = owners
	}
	x := &owners[i]
	x.rows = append(x.rows, row)
	x.n++
	x.sweep(s, r.until)
}

// release notes that a record that was kept until its day is so no more. The
// record itself says so only afterwards.
func (k *keeping) release(s *State, r *subject) {
	x := k.of(r.until, r.org)
	if x == nil {
		return
	}
	if x.n--; x.n > 0 {
		x.sweep(s, r.until)
		return
	}
	owners := slices.DeleteFunc(k.days[r.until], func(x kept) bool { return x.owner == r.org })
	k.days[r.until] = owners
	if len(owners) > 0 {
		k.settle()
		return
	}
	delete(k.days, r.until)
	for stage := range dayStages {
		k.done(stage, r.until)
	}
}

// reminded notes that an owner has been reminded of a day.
func (k *keeping) reminded(months uint32, day events.Day, owner orgRef) {
	stage := slices.Index(reminders[:], months)
	if stage < 0 || len(k.due[stage]) == 0 || k.due[stage][0] != day {
		return
	}
	k.told[stage] = owner
	k.settle()
}

// settle takes up the next day where all owners of the first have been told.
func (k *keeping) settle() {
	for stage := range reminders {
		if k.told[stage] == 0 {
			continue
		}
		day := k.due[stage][0]
		if _, more := k.next(stage, day); !more {
			k.done(stage, day)
		}
	}
}

// done says that a stage of a day is behind us.
func (k *keeping) done(stage int, day events.Day) {
	if i, found := slices.BinarySearch(k.due[stage], day); found {
		k.due[stage] = slices.Delete(k.due[stage], i, i+1)
		if i == 0 && stage < stageExpiry {
			k.told[stage] = 0
		}
	}
}

// of are an owner's records of a day, nil if there are none.
func (k *keeping) of(day events.Day, owner orgRef) *kept {
	owners := k.days[day]
	i, found := slices.BinarySearchFunc(owners, owner, compareOwner)
	if !found {
		return nil
	}
	return &owners[i]
}

// next is whose turn it is when a day's stage is due: at its end the first
// owner, of a reminder the first who has not been told.
func (k *keeping) next(stage int, day events.Day) (owner orgRef, ok bool) {
	for _, x := range k.days[day] {
		if stage == stageExpiry || x.owner > k.told[stage] {
			return x.owner, true
		}
	}
	return 0, false
}

// sweep drops rows that hold no more where they have become the greater part,
// so that tables sent again every night with a later day cost no memory.
func (x *kept) sweep(s *State, day events.Day) {
	if len(x.rows) <= 2*int(x.n)+64 {
		return
	}
	rows := make([]uint32, 0, x.n)
	for _, row := range x.rows {
		if s.subject(row).keptUntil(day) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows) // a record may have come back to a day that it left
	x.rows = slices.Compact(rows)
}

// passed drops the rows in front that have expired, as r has, or hold no more.
func (k *keeping) passed(s *State, r *subject) {
	x := k.of(r.until, r.org)
	for x != nil && len(x.rows) > 0 && !s.subject(x.rows[0]).keptUntil(r.until) {
		x.rows = x.rows[1:]
	}
}

func compareOwner(x kept, owner orgRef) int { return cmp.Compare(x.owner, owner) }

func insertDay(days []events.Day, day events.Day) []events.Day {
	i, _ := slices.BinarySearch(days, day)
	return slices.Insert(days, i, day)
}

// release takes a record off its day, if it is kept until then.
func (s *State) release(r *subject) {
	if r.keptUntil(r.until) {
		s.due.keeping.release(s, r)
	}
}

// keptUntil says whether a record is one of those that are kept until a day:
// not amended to another, not withdrawn, not expired yet.
func (r *subject) keptUntil(day events.Day) bool {
	return r.isRecord() && r.until == day && !r.is(flagClosed|flagExpired|flagErased)
}

// overdue says whether a record's last day is over at log time at, and the due
// work that says so has not come to it yet.
func (r *subject) overdue(at int64) bool { return r.keptUntil(r.until) && !r.live(at) }
