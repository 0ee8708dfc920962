// Command chaos runs a whole cluster on this machine, breaks it at random for as
// long as it is told to while organisations work with it, and holds afterwards
// that nothing was lost, doubled or put out of order:
//
//	go run ./internal/chaos -for 40m -seed 1
//
// It is a program of its own and no command of armslog: it needs Go, Java and
// Maven (for Apache Kafka) and ClickHouse, and nobody who operates a registry
// needs any of it.
package main
