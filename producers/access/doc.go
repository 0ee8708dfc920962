// Package access holds what Kafka must know of armslog: which topics there are
// and how they are kept, who may sign in, and what each may do. The desired
// state follows from the directory (Want), a Cluster reads the actual one, and
// the difference is a Plan, which it carries out.
//
// Want, State and Diff are pure. See docs/decisions/access.md for the choices.
package access
