// Package registry is the state machine of armslog: what the registry knows
// (State), what it decides of a request (Decide) and how a journaled decision
// changes what it knows (Evolve).
//
// It is pure: no clock, no randomness, no I/O, no map-iteration order. The
// same entries give the same State, bit for bit, on every machine; Hash says
// so in 32 bytes. The leader decides, appends and evolves; everybody else only
// evolves. Decisions are facts: new code never decides an old request again.
//
// The rooms: prepare.go (what can be computed ahead of the order), decide.go
// and one file per request family, evolve.go, subjects.go (records and
// questions, one row each), meet.go (who meets whom), matches.go, directory.go
// (organisations and agreements), due.go (work that falls due), view.go (what
// people are told).
package registry

// Engine is the version of the deciding code. It stands in every entry and
// fence; a node older than the highest engine that ever led never leads.
const Engine uint32 = 3
