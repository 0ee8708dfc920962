package events

// JournalTopic is the log of record: one partition, written by the leader only.
const JournalTopic = "armslog.journal"

// MailboxTopic is where an organisation's requests wait for their decision.
func MailboxTopic(org OrgID) string { return "armslog.in." + org }

// OutboxTopic is where an organisation's replies and notifications go.
func OutboxTopic(org OrgID) string { return "armslog.out." + org }

// Message is one record on its way to a topic, before it has an offset.
type Message struct {
	Headers []Header
	Value   []byte
}
