// Package matching decides when two firearms meet: it brings marks to a normal
// form and an index key, grades pairs of marks, measures their strength, keeps
// the index that finds them, and evaluates the policy table.
//
// It knows marks as plain strings and subjects as numbers; whose they are, and
// who may see them, is the registry's concern. Everything here is pure and
// deterministic: no clock, no randomness, no map order.
//
// # When two marks meet
//
// Two full marks meet when their index keys are equal. Where a source splits
// series and number, a mark has two readings, series and number together (the
// whole) and the number alone; the number alone of one mark meets the whole of
// another (the series is missing there), never the number alone of another
// (both series are known, and they differ).
//
// A partial mark meets a full one when its pattern, with look-alikes folded,
// matches the full mark as it stands, or does so once the leading zeros both
// show are gone: "00?8712" meets "38712". A wildcard is never taken for a leading
// zero: "?38712" does not meet "38712". The pair is graded
// partial whatever the fold, since what cannot be read may differ anyway.
//
// A partial mark is evidence only with three known digits and three known
// signs in a row, leading zeros not counted ([CanSearch]); without them it
// meets nothing. Two partial marks meet when there is a text that both stand
// for in which both together show that much: three digits, and three signs in a
// row, legible on both at the same place. "RV204*" and "?V2041*" meet;
// "RV2*" and "*041" could be one weapon as any two could, and do not.
package matching
