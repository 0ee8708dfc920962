package events

// Reason is what its parties are told an effect for.
func (e TraceEffect) Reason() string {
	if e.Status == "open" {
		return "trace_addressed"
	}
	return "trace_closed"
}

// Reason is what its parties are told an effect for.
func (e TraceAddresseeEffect) Reason() string {
	switch e.Status {
	case "sent":
		return "trace_addressed"
	case "overdue", "escalated":
		return "trace_overdue"
	}
	return "trace_responded"
}

// Reason is what its parties are told an effect for.
func (e TraceNoteEffect) Reason() string {
	if e.Code == "forwarded" {
		return "trace_forwarded"
	}
	return "trace_commented"
}

func (w *effectWriter) trace(e TraceEffect) {
	w.id("id", e.ID)
	w.num("requested", e.Requested)
	w.str("status", e.Status)
	w.flag("truncated", e.Truncated)
	w.tellAny(e.Tell)
}

func (w *effectWriter) traceAddressee(e TraceAddresseeEffect) {
	w.id("id", e.ID)
	w.num("requested", e.Requested)
	w.str("org", e.Org)
	w.str("status", e.Status)
	if e.By != 0 {
		w.key("by")
		w.b = append(e.By.Append(append(w.b, '"')), '"')
	}
	w.flag("late", e.Late)
	w.tellAny(e.Tell)
}

func (w *effectWriter) traceNote(e TraceNoteEffect) {
	w.id("id", e.ID)
	w.num("requested", e.Requested)
	w.str("org", e.Org)
	w.str("code", e.Code)
	w.tellAny(e.Tell)
}

// tellAny is tell for a list that is left out when empty.
func (w *effectWriter) tellAny(tell []Tell) {
	if len(tell) > 0 {
		w.tell(tell)
	}
}

func (r *effectReader) trace() (e TraceEffect) {
	r.object(func(name string) bool {
		switch name {
		case "status":
			e.Status = r.str()
		case "truncated":
			e.Truncated = r.flag()
		default:
			return r.traceField(name, &e.ID, &e.Requested, &e.Tell)
		}
		return true
	})
	return e
}

func (r *effectReader) traceAddressee() (e TraceAddresseeEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "status":
			e.Status = r.str()
		case "by":
			e.By = r.day()
		case "late":
			e.Late = r.flag()
		default:
			return r.traceField(name, &e.ID, &e.Requested, &e.Tell)
		}
		return true
	})
	return e
}

func (r *effectReader) traceNote() (e TraceNoteEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "code":
			e.Code = r.str()
		default:
			return r.traceField(name, &e.ID, &e.Requested, &e.Tell)
		}
		return true
	})
	return e
}

// traceField reads what all effects of a trace have.
func (r *effectReader) traceField(name string, id *UUID, requested *uint64, tell *[]Tell) (known bool) {
	switch name {
	case "id":
		*id = r.id()
	case "requested":
		*requested = r.uint(64)
	case "tell":
		*tell = r.tell()
	default:
		return false
	}
	return true
}
