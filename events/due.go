package events

// Due work: requests the leader makes itself when log time has come. They are
// grouped, so that a million questions that lapse on one day are some hundred
// entries.

// RecordReviewDue reminds an owner of its records that are kept until Day and
// no longer.
type RecordReviewDue struct {
	Organisation OrgID  `json:"organisation"`
	Day          Day    `json:"day"`    // the last day on which they are kept
	Months       uint32 `json:"months"` // before that day: 6, 1
}

// RecordExpired ends the records of an owner that were kept until Day.
type RecordExpired struct {
	Organisation OrgID `json:"organisation"`
	Day          Day   `json:"day"` // the last day on which they were kept
}

// SearchLapsed ends the questions that no longer stand on Day.
type SearchLapsed struct {
	Day Day `json:"day"` // the first day on which they stand no more
}

// AgreementEnded ends an agreement whose time is over.
type AgreementEnded struct {
	AgreementID string `json:"agreement_id"`
}

// DigestDue tells an organisation how many candidates its standing questions
// met on Day.
type DigestDue struct {
	Organisation OrgID `json:"organisation"`
	Day          Day   `json:"day"`
}

// EffectsContinued goes on with a decision that had more effects than one
// entry holds.
type EffectsContinued struct {
	Of     uint64 `json:"of"` // seq of the entry that is continued
	Cursor uint64 `json:"cursor"`
}

// QuestionsReexamined looks at some of the standing questions again, because
// the policy or the reference table is another since entry Of.
type QuestionsReexamined struct {
	Of uint64 `json:"of"`
}

func (*RecordReviewDue) Type() Type  { return TypeRecordReviewDue }
func (*RecordExpired) Type() Type    { return TypeRecordExpired }
func (*SearchLapsed) Type() Type     { return TypeSearchLapsed }
func (*AgreementEnded) Type() Type   { return TypeAgreementEnded }
func (*DigestDue) Type() Type        { return TypeDigestDue }
func (*EffectsContinued) Type() Type { return TypeEffectsContinued }

func (*QuestionsReexamined) Type() Type { return TypeQuestionsReexamined }
