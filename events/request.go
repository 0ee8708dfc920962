package events

import "encoding/json"

// Type names a request on the wire (the ce_type header).
type Type string

// The request types. A version is part of the name; a decoder, once released,
// is never deleted, because the journal is kept for ever.
const (
	TypeGenesis               Type = "armslog.genesis.v1"
	TypeOrganisationSubmitted Type = "armslog.organisation.submitted.v1"
	TypeAgreementGranted      Type = "armslog.agreement.granted.v1"
	TypeAgreementRevoked      Type = "armslog.agreement.revoked.v1"
	TypePolicySet             Type = "armslog.policy.set.v1"
	TypeReferenceSubmitted    Type = "armslog.reference.submitted.v1"
	TypeRecordSubmitted       Type = "armslog.record.submitted.v1"
	TypeRecordWithdrawn       Type = "armslog.record.withdrawn.v1"
	TypeSearchMade            Type = "armslog.search.made.v1"
	TypeSearchWithdrawn       Type = "armslog.search.withdrawn.v1"
	TypeNotificationAck       Type = "armslog.notification.acknowledged.v1"
	TypeOperationSubmitted    Type = "armslog.operation.submitted.v1"
	TypeOperationClosed       Type = "armslog.operation.closed.v1"
	TypeTraceRequested        Type = "armslog.trace.requested.v1"
	TypeTraceResponded        Type = "armslog.trace.responded.v1"
	TypeTraceForwarded        Type = "armslog.trace.forwarded.v1"
	TypeTraceCommented        Type = "armslog.trace.commented.v1"
	TypeTraceClosed           Type = "armslog.trace.closed.v1"
	TypeConfirmationRequested Type = "armslog.confirmation.requested.v1"
	TypeConfirmationAnswered  Type = "armslog.confirmation.answered.v1"

	// Due work, journaled by the leader with src=registry.
	TypeRecordReviewDue  Type = "armslog.record.review_due.v1"
	TypeRecordExpired    Type = "armslog.record.expired.v1"
	TypeSearchLapsed     Type = "armslog.search.lapsed.v1"
	TypeAgreementEnded   Type = "armslog.agreement.ended.v1"
	TypeDigestDue        Type = "armslog.digest.due.v1"
	TypeEffectsContinued Type = "armslog.effects.continued.v1"
	// TypeQuestionsReexamined is one step of looking at all standing questions again.
	TypeQuestionsReexamined Type = "armslog.questions.reexamined.v1"
	TypeTraceOverdue        Type = "armslog.trace.overdue.v1"
	TypeConfirmationOverdue Type = "armslog.confirmation.overdue.v1"
)

// Types are all request types: those that organisations send, then those that
// the registry and its gateway write themselves.
func Types() (sent, own []Type) {
	return []Type{
			TypeOrganisationSubmitted, TypeAgreementGranted, TypeAgreementRevoked, TypePolicySet, TypeReferenceSubmitted,
			TypeRecordSubmitted, TypeRecordWithdrawn, TypeSearchMade, TypeSearchWithdrawn, TypeNotificationAck,
			TypeOperationSubmitted, TypeOperationClosed, TypeMailboxSkipped,
			TypeTraceRequested, TypeTraceResponded, TypeTraceForwarded, TypeTraceCommented, TypeTraceClosed,
			TypeConfirmationRequested, TypeConfirmationAnswered,
		}, []Type{
			TypeGenesis, TypeRecordReviewDue, TypeRecordExpired, TypeSearchLapsed, TypeAgreementEnded, TypeDigestDue, TypeEffectsContinued,
			TypeQuestionsReexamined,
			TypeTraceOverdue, TypeConfirmationOverdue,
			TypeAccessMade,
		}
}

// SourceRegistry is the src of entries that no organisation asked for: the
// genesis entry and due work. It has its own dense offsets.
const SourceRegistry = "registry"

// Body is the decoded data of one request.
type Body interface{ Type() Type }

// OrgID identifies an organisation: opaque, [A-Z0-9][A-Z0-9-]{1,31}, because
// it becomes part of topic names.
type OrgID = string

// Source is where a record comes from in its owner's own systems. Owner,
// system and id together are the record's identity.
type Source struct {
	System string `json:"system"`
	ID     string `json:"id"`
}

// RecordSubmitted registers or amends a record of a firearm: always its full
// state, so that a bureau may send its table again and again.
type RecordSubmitted struct {
	Source       Source   `json:"source"`
	BaseRevision uint32   `json:"base_revision,omitempty"` // 0 = not stated: the last in the journal wins
	Category     string   `json:"category"`
	IllicitBasis []string `json:"illicit_basis,omitempty"`
	Firearm      Firearm  `json:"firearm"`
	Incident     Incident `json:"incident"`
	Origin       *Origin  `json:"origin,omitempty"`
	Deny         []OrgID  `json:"deny,omitempty"` // organisations from which the record is withheld
	Handling     string   `json:"handling,omitempty"`
	RetainUntil  Date     `json:"retain_until"`
}

// Firearm describes a weapon, in a record or in a question.
type Firearm struct {
	Type                 string   `json:"type,omitempty"`
	Action               string   `json:"action,omitempty"`
	Make                 string   `json:"make,omitempty"`
	MakeCode             string   `json:"make_code,omitempty"`
	Model                string   `json:"model,omitempty"`
	Calibre              string   `json:"calibre,omitempty"`
	CalibreCode          string   `json:"calibre_code,omitempty"`
	CountryOfManufacture string   `json:"country_of_manufacture,omitempty"`
	Manufactured         Date     `json:"manufactured,omitzero"`
	Features             []string `json:"features,omitempty"`
	BarrelLengthMM       uint32   `json:"barrel_length_mm,omitempty"`
	ReferenceID          string   `json:"reference_id,omitempty"`
	Marks                []Mark   `json:"marks"`
}

// Mark is one marking on a weapon. Text is there for readable, partial and
// restored marks and only for them.
type Mark struct {
	Kind    string `json:"kind"`
	Place   string `json:"place,omitempty"`
	Status  string `json:"status"`
	Text    string `json:"text,omitempty"`
	Series  string `json:"series,omitempty"`
	Country string `json:"country,omitempty"`
	Year    string `json:"year,omitempty"` // four digits
}

// Incident is the loss, theft, seizure or find, or what led to a question.
type Incident struct {
	Date         Date     `json:"date,omitzero"`
	Country      string   `json:"country,omitempty"`
	Subdivision  string   `json:"subdivision,omitempty"`
	Place        string   `json:"place,omitempty"`
	Locode       string   `json:"locode,omitempty"`
	CaseNumber   string   `json:"case_number,omitempty"`
	Circumstance string   `json:"circumstance,omitempty"`
	Operation    string   `json:"operation,omitempty"`
	Customs      *Customs `json:"customs,omitempty"`
	Route        []Leg    `json:"route,omitempty"`
}

// Customs is what a customs administration knows of the consignment.
type Customs struct {
	Channel string `json:"channel,omitempty"`
	HSCode  string `json:"hs_code,omitempty"`
}

// Leg is one station of the route a weapon took, in order.
type Leg struct {
	Country string `json:"country"`
	Role    string `json:"role,omitempty"`
}

// Origin is what is known of where the weapon left the licit chain.
type Origin struct {
	Status    string     `json:"status"`
	Diversion *Diversion `json:"diversion,omitempty"`
}

// Diversion is the point at which a weapon became illicit.
type Diversion struct {
	Country string `json:"country,omitempty"`
	Date    Date   `json:"date,omitzero"`
	Kind    string `json:"kind,omitempty"`
}

// RecordWithdrawn closes one of the sender's own records.
type RecordWithdrawn struct {
	Source     Source `json:"source"`
	Reason     string `json:"reason"`
	ReplacedBy UUID   `json:"replaced_by,omitzero"`
}

// SearchMade is a question that is answered at once and stands afterwards.
type SearchMade struct {
	Purpose    string   `json:"purpose"`
	Context    string   `json:"context"`
	Firearm    Firearm  `json:"firearm"` // only marks are required
	Incident   Incident `json:"incident,omitzero"`
	StandUntil Date     `json:"stand_until,omitzero"` // shortens how long the question stands
	NoStanding bool     `json:"no_standing,omitempty"`
	Limit      uint32   `json:"limit,omitempty"` // candidates shown, 1..200; 0 = 50
}

// SearchWithdrawn ends one of the sender's own questions.
type SearchWithdrawn struct {
	SearchID UUID   `json:"search_id"`
	Reason   string `json:"reason"`
}

// NotificationAcknowledged says that the sender has read its inbox up to N.
type NotificationAcknowledged struct {
	N uint64 `json:"n"`
}

// OrganisationSubmitted names or amends an organisation of the directory.
type OrganisationSubmitted struct {
	OrganisationID OrgID         `json:"organisation_id"`
	Kind           string        `json:"kind"`
	Country        string        `json:"country,omitempty"`
	Name           string        `json:"name"`
	Parent         OrgID         `json:"parent,omitempty"`
	Inbox          bool          `json:"inbox,omitempty"`
	Rights         []string      `json:"rights,omitempty"` // of a national entity, given by its NCB
	Clocks         *ClockMinutes `json:"clocks_minutes,omitempty"`
	NotifyFloor    string        `json:"notify_floor,omitempty"` // weak, fair, strong
}

// ClockMinutes is an owner's service level for confirmations, in minutes.
type ClockMinutes struct {
	Urgent   uint32 `json:"urgent,omitempty"`
	Routine  uint32 `json:"routine,omitempty"`
	Deferred uint32 `json:"deferred,omitempty"`
}

// AgreementGranted gives an organisation rights, until it ends or is revoked.
type AgreementGranted struct {
	AgreementID string          `json:"agreement_id"`
	Grantee     OrgID           `json:"grantee"`
	Rights      []string        `json:"rights"`
	Purposes    []string        `json:"purposes,omitempty"`
	ActsFor     *ActsFor        `json:"acts_for,omitempty"`
	Limits      *AgreementLimit `json:"limits,omitempty"`
	LegalBasis  string          `json:"legal_basis"`
	ValidFrom   Date            `json:"valid_from"`
	ValidUntil  Date            `json:"valid_until"`
}

// ActsFor says for whom a grantee may act.
type ActsFor struct {
	Kinds                []string `json:"kinds,omitempty"`
	Organisations        []OrgID  `json:"organisations,omitempty"`
	OnlyWithoutOwnAccess bool     `json:"only_without_own_access,omitempty"`
}

// AgreementLimit bounds use per UTC day of log time; 0 = no limit.
type AgreementLimit struct {
	SearchesPerDay uint32 `json:"searches_per_day,omitempty"`
	PartialPerDay  uint32 `json:"partial_per_day,omitempty"`
}

// AgreementRevoked ends an agreement before its time.
type AgreementRevoked struct {
	AgreementID      string `json:"agreement_id"`
	Reason           string `json:"reason"`
	StandingSearches string `json:"standing_searches"` // end or keep
}

// ReferenceSubmitted adds or amends an entry of the firearms reference table.
type ReferenceSubmitted struct {
	Name        string            `json:"name"`
	Kind        string            `json:"kind"` // make, model, calibre, type
	Country     string            `json:"country,omitempty"`
	Make        string            `json:"make,omitempty"`     // of a model: its make's reference id
	FirearmType string            `json:"type,omitempty"`     // of a model: what it is; of a type: the code that its names stand for
	Calibres    []string          `json:"calibres,omitempty"` // of a model: reference ids of those that it is made in
	Aliases     []string          `json:"aliases,omitempty"`
	Codes       map[string]string `json:"codes,omitempty"`
	Related     []string          `json:"related,omitempty"` // reference ids, joint production
	SerialForms []SerialForm      `json:"serial_forms,omitempty"`
}

// SerialForm is the shape of a maker's serial numbers in a span of years.
type SerialForm struct {
	Pattern string `json:"pattern"`
	From    string `json:"from,omitempty"`
	Until   string `json:"until,omitempty"`

	Year  *SerialCode `json:"year,omitempty"`  // the signs that say the year of manufacture
	Month *SerialCode `json:"month,omitempty"` // and the month: the first of Signs is January
}

// SerialCode says how signs of a serial number count: the first of Signs is 0,
// the next 1; several are the digits of a number. A year is First and as much
// later (with Down: earlier), and comes round when all signs have been used.
type SerialCode struct {
	At     uint32 `json:"at"`               // place of its first sign, from 1, letters and digits alone counted
	Length uint32 `json:"length,omitempty"` // how many signs; 0 = 1
	Signs  string `json:"signs,omitempty"`  // "" = 0123456789
	First  string `json:"first,omitempty"`  // of a year: the one that the first sign stands for
	Down   bool   `json:"down,omitempty"`
}

// PolicySet puts a matching policy in force from its seq on. Its table is
// handed to package registry/matching as it is.
type PolicySet struct {
	Raw json.RawMessage // the whole body: a JSON object in which no member stands twice
}

// MarshalJSON is the body as it is.
func (p PolicySet) MarshalJSON() ([]byte, error) { return p.Raw, nil }

// Genesis is seq 0: what the registry must know before anybody may ask.
type Genesis struct {
	JournalID          UUID            `json:"journal_id"`
	GeneralSecretariat OrgID           `json:"general_secretariat"`
	Name               string          `json:"name"`
	AdminKeys          []string        `json:"admin_keys,omitempty"`     // key ids, never keys
	Policy             json.RawMessage `json:"policy"`                   // the default policy: a body of policy.set
	CheckpointKey      string          `json:"checkpoint_key,omitempty"` // verifier key of the ledger's signature
}

func (*RecordSubmitted) Type() Type          { return TypeRecordSubmitted }
func (*RecordWithdrawn) Type() Type          { return TypeRecordWithdrawn }
func (*SearchMade) Type() Type               { return TypeSearchMade }
func (*SearchWithdrawn) Type() Type          { return TypeSearchWithdrawn }
func (*NotificationAcknowledged) Type() Type { return TypeNotificationAck }
func (*OrganisationSubmitted) Type() Type    { return TypeOrganisationSubmitted }
func (*AgreementGranted) Type() Type         { return TypeAgreementGranted }
func (*AgreementRevoked) Type() Type         { return TypeAgreementRevoked }
func (*ReferenceSubmitted) Type() Type       { return TypeReferenceSubmitted }
func (*PolicySet) Type() Type                { return TypePolicySet }
func (*Genesis) Type() Type                  { return TypeGenesis }
