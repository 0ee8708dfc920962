// Package oracle says who must be told of what, as naively as it can be said:
// every firearm is compared with every other, mark by mark, whenever one of
// them is described or changes. No index, no bits, no arenas. It is written
// from the prose of the matching rules and shares with the registry only the
// grade of a pair of marks, the strength of a mark and the policy's table.
//
// Tests hold it beside the registry: for any order of requests both must come
// to the same effects. It takes the order and the verdicts as given.
package oracle
