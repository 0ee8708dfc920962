package client

// Check is one thing that a node finds in order, or not.
type Check struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok, warning, failed
	Code   string `json:"code"`
	Says   string `json:"says"`
	Do     string `json:"do"`
	Detail string `json:"detail"`
}

// Checks is the answer of /v1/checks.
type Checks struct {
	Checks []Check `json:"checks"`
}

// Readiness is the answer of /readyz where requests can be answered; else its
// checks stand in the Problem.
type Readiness struct {
	Leads  bool    `json:"leads"`
	Checks []Check `json:"checks"`
}

// Me is who the caller is, the answer of /v1/me.
type Me struct {
	Organisation string   `json:"organisation"`
	Roles        []string `json:"roles"`
}
