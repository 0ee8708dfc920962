// Package faultsim runs whole nodes of armslog against a simulated Kafka on a
// simulated network, with a clock of its own (testing/synctest), and lets
// happen to them what the seed of the run says: requests that fail, get lost,
// are stored and not acknowledged or come late; nodes that die, stand still for
// an hour and go on; clocks that jump. Then everything heals, and the whole is
// checked.
//
// What is simulated is the network, the clock and Kafka's own code (kfake).
// Nodes, their connections and kafka-go are the real ones. ClickHouse is not
// here: a process cannot run in a bubble.
package faultsim
