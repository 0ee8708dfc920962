// Package producers appends to Kafka: requests to mailboxes, decisions to the
// journal, and the topics for both. Whatever it acknowledges is stored by as
// many brokers as the topic asks for (acks=all); what it cannot tell it calls
// unknown, never failed.
package producers
