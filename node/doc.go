// Package node is one running process of armslog: it follows the journal, leads
// when it is elected, and tells everybody inside what was accepted.
//
// leader.go is the write path; its numbered steps are the commit protocol and
// each says what a crash right there means. follow.go is what every node does,
// for ever. hub.go hands accepted entries to those who wait, submit.go is how a
// request gets in and its decision out, node.go starts and stops it all.
package node
