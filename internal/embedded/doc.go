// Package embedded brings the two engines of armslog along: a Kafka broker
// inside the process and a ClickHouse server as its child. Neither needs a
// container, root or an installation. A cluster runs the same code against
// real servers; nothing outside of this package knows which ones are there.
package embedded
