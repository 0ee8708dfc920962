package brokerconn

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
)

// signIn names the mechanism and plays its state machine with the broker. Every
// answer is read to its end, so nothing of the connection is left in the
// library's buffer.
//
// The format: https://kafka.apache.org/protocol#sasl_handshake
func (c *Conn) signIn(ctx context.Context, t *kafka.Transport, host, port string) error {
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	pc := protocol.NewConn(c.Conn, t.ClientID)
	pc.SetVersions(map[protocol.ApiKey]int16{protocol.SaslHandshake: 1, protocol.SaslAuthenticate: 1})
	res, err := pc.RoundTrip(&saslhandshake.Request{Mechanism: t.SASL.Name()})
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if code := res.(*saslhandshake.Response).ErrorCode; code != 0 {
		return fmt.Errorf("sign in: %w", kafka.Error(code))
	}
	started := time.Now()
	lifetime, err := authenticate(sasl.WithMetadata(ctx, &sasl.Metadata{Host: host, Port: number}), pc, t.SASL)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if lifetime > 0 {
		c.until = started.Add(spendable(lifetime))
	}
	if !stop() {
		return ctx.Err() // the deadline in the past stays
	}
	return c.SetDeadline(time.Time{})
}

// authenticate returns for how long the broker lets the connection live; 0 is
// for ever.
func authenticate(ctx context.Context, pc *protocol.Conn, mechanism sasl.Mechanism) (time.Duration, error) {
	session, say, err := mechanism.Start(ctx)
	if err != nil {
		return 0, err
	}
	for {
		res, err := pc.RoundTrip(&saslauthenticate.Request{AuthBytes: say})
		if err != nil {
			return 0, err
		}
		answer := res.(*saslauthenticate.Response)
		if answer.ErrorCode != 0 {
			return 0, kafka.Error(answer.ErrorCode)
		}
		done, next, err := session.Next(ctx, answer.AuthBytes)
		if err != nil {
			return 0, err
		}
		if done {
			return time.Duration(answer.SessionLifetimeMs) * time.Millisecond, nil
		}
		say = next
	}
}

// spendable is the part of a session in which requests are begun: the rest is
// for the last of them to be answered.
func spendable(lifetime time.Duration) time.Duration {
	return lifetime - min(lifetime/5, within)
}
