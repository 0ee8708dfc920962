// Package access holds what Kafka must know of armslog: which topics there are
// and how they are kept, who may sign in, and what each may do. The desired
// state follows from the directory (Want), the actual one is read from the
// brokers (Read), and the difference is a Plan, which Apply carries out.
//
// Want, State and Diff are pure. See docs/decisions/access.md for the choices.
package access
