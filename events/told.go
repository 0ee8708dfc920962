package events

// Told are the parties that an effect tells, each with the number in its inbox;
// a number of 0 says that the party has none. Whoever sends, rings or renders
// asks here, so that none of them forgets a kind.
func Told(x Effect) []Tell {
	switch x := x.(type) {
	case *MatchEffect:
		return x.Tell
	case *MatchRenewedEffect:
		return x.Tell
	case MatchEndedEffect:
		return x.Tell
	case MatchToldEffect:
		return x.Tell
	case *ConfirmationEffect:
		return x.Tell
	case TraceEffect:
		return x.Tell
	case TraceAddresseeEffect:
		return x.Tell
	case TraceNoteEffect:
		return x.Tell
	case NotifyEffect:
		return []Tell{{Org: x.Org, N: x.N, Role: "recipient"}}
	}
	return nil
}
