// Package custody reads what addressees of a trace reported as one chain: who
// had the weapon, where, and since when. It derives the order, the gaps, what
// contradicts itself, where the weapon may have left the licit chain, and how
// long it took until it was recovered. It proposes and decides nothing: the
// point of diversion is an authority's finding. All of it is a pure function of
// the reports, made when it is read and stored nowhere.
package custody
