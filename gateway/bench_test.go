package gateway

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rows a second through HTTP, edge, decision and verdict, all on one machine,
// without broker and ClickHouse: what the edge leaves of a processor.
// go test ./gateway -run XXX -bench . -benchtime 200000x
func BenchmarkBatch(b *testing.B) {
	for _, second := range []bool{false, true} {
		name := "new"
		if second {
			name = "unchanged"
		}
		b.Run(name, func(b *testing.B) { benchmarkBatch(b, second) })
	}
}

func benchmarkBatch(b *testing.B, second bool) {
	w := newWorld(b)
	random := rand.New(rand.NewPCG(1, 2))
	var body bytes.Buffer
	for i := range b.N {
		serial := fmt.Sprintf("%c%c%c%05d", 'A'+random.IntN(26), 'A'+random.IntN(26), 'A'+random.IntN(26), random.IntN(100_000))
		fmt.Fprintln(&body, recordBody(fmt.Sprint("D-", i), serial))
	}
	send := func() {
		r := w.request("NCB-BR", http.MethodPost, "/v1/records:batch?only=errors", bytes.NewReader(body.Bytes()), "Content-Type", mediaNDJSON)
		resp, err := w.client.Do(r)
		require.NoError(b, err)
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(b, err)
	}
	if second {
		send()
	}
	b.SetBytes(int64(body.Len() / b.N))
	b.ReportAllocs()
	b.ResetTimer()
	send()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Requests a second, one by one over 16 connections.
func BenchmarkSearch(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.Bounds.Requests = 1000 })
	var asked atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := searchBody(fmt.Sprintf("KT%07d", asked.Add(1)))
			resp, err := w.client.Do(w.request("WCO", http.MethodPost, "/v1/searches", strings.NewReader(body)))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
