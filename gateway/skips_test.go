package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// The General Secretariat's administrators let a mailbox go on, and nobody else;
// its organisation reads what it may have lost.
func TestSkipMailbox(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/organisations/NCB-CL/mailbox-skips"
	w.post("NCB-CL", path, `{"to":1042}`).problem(t, http.StatusForbidden, "no_right")
	w.post("NCB-BR", path, `{"to":1042}`).problem(t, http.StatusForbidden, "no_right")
	w.post("IPSG", "/v1/organisations/NCB-XX/mailbox-skips", `{"to":1042}`).problem(t, http.StatusUnprocessableEntity, "organisation_unknown")
	w.post("IPSG", path, `{"to":0}`).problem(t, http.StatusUnprocessableEntity, "out_of_range")
	w.post("IPSG", path, `{"to":1042,"organisation":"NCB-BR"}`).problem(t, http.StatusUnprocessableEntity, "duplicate")

	var reply events.Reply
	w.post("IPSG", path, `{"to":1042}`).into(t, http.StatusOK, &reply)
	require.Equal(t, "skipped", reply.Status)
	require.Equal(t, "NCB-CL", reply.ID)
	w.post("IPSG", path, `{"to":1042}`).problem(t, http.StatusConflict, "already_skipped")

	var inbox Inbox
	w.get("NCB-CL", "/v1/inbox").into(t, http.StatusOK, &inbox)
	note := inbox.Items[len(inbox.Items)-1]
	require.Equal(t, "mailbox_skipped", note.Reason)
	require.Equal(t, &events.MailboxNews{Organisation: "NCB-CL", From: 1, To: 1042}, note.Body.Mailbox, "it has sent one request, which was refused")
}
