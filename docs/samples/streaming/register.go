// Command register sends one record to the registry, then prints what the
// registry says, for ever: register CE_ID FILE OFFSET.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func main() {
	ctx, org, id := context.Background(), os.Getenv("ARMSLOG_ORG"), os.Args[1]
	from, err := strconv.ParseInt(os.Args[3], 10, 64)
	check(err)
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(file(os.Getenv("ARMSLOG_CA_FILE")))
	password := strings.TrimSpace(string(file(os.Getenv("ARMSLOG_PASSWORD_FILE"))))
	client, err := kgo.NewClient( // idempotent, acks=all: the client's own defaults
		kgo.SeedBrokers(strings.Split(os.Getenv("ARMSLOG_BROKERS"), ",")...),
		kgo.DialTLSConfig(&tls.Config{RootCAs: authority}),
		kgo.SASL(scram.Auth{User: org, Pass: password}.AsSha512Mechanism()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"armslog.out." + org: {0: kgo.NewOffset().At(from)}}))
	check(err)

	request := &kgo.Record{Topic: "armslog.in." + org, Value: file(os.Args[2]), Headers: []kgo.RecordHeader{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: []byte(id)},
		{Key: "ce_type", Value: []byte("armslog.record.submitted.v1")}}}
	check(client.ProduceSync(ctx, request).FirstErr())
	fmt.Println("received") // never lost from here on, and not decided yet

	for last := 0; ; { // keep last and the next offset where you keep what you were told
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			var m struct {
				N               int
				Request, Status string
				Reason          string
				Errors          json.RawMessage
			}
			check(json.Unmarshal(r.Value, &m))
			switch {
			case m.N == 0:
				fmt.Println(r.Offset, "reply", m.Request, m.Status, string(m.Errors))
			case last == 0 || m.N == last+1:
				fmt.Println(r.Offset, "notification", m.N, m.Reason)
				last = m.N
			case m.N > last:
				panic("notifications are lost: read what is missing at GET /v1/inbox")
			}
		})
	}
}

func file(path string) []byte {
	text, err := os.ReadFile(path)
	check(err)
	return text
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
