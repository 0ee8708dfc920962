package events

// ConfirmationView is how the question stands whether the two of a match are
// one weapon, as both parties and the General Secretariat may see it.
type ConfirmationView struct {
	MatchID         UUID      `json:"match_id"`
	Status          string    `json:"status"` // asked, overdue, escalated, or the answer
	AskedBy         OrgID     `json:"asked_by"`
	Asked           OrgID     `json:"asked"` // who has to answer
	AskedAt         string    `json:"asked_at"`
	Urgency         string    `json:"urgency"`
	DueAt           string    `json:"due_at,omitempty"` // while an answer is waited for
	Compared        []string  `json:"compared,omitempty"`
	CaseNumber      string    `json:"case_number,omitempty"` // of the one who asks
	AnsweredAt      string    `json:"answered_at,omitempty"`
	ResponseSeconds *uint64   `json:"response_seconds,omitempty"`
	Action          string    `json:"action,omitempty"`
	AnswerCase      string    `json:"answer_case_number,omitempty"` // of the one who answers
	Located         *Location `json:"located,omitempty"`
}

// Location is who has met a wanted weapon, as its owner has confirmed.
type Location struct {
	RecordID  UUID  `json:"record_id"`
	MatchID   UUID  `json:"match_id"`
	By        OrgID `json:"by"`
	ActingFor OrgID `json:"acting_for,omitempty"`
}
