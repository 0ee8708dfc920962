// Package reference compares what people write with what the firearms reference
// table holds: names of makes, models, calibres and types, and serial numbers.
// It is pure: what it knows comes in with the call.
//
// Two names with one fold are one name; that is all that Decide goes by. Find
// forgives more, and is for people: it ranks and says why.
package reference
