package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/armslog/armslog/events"
)

// dryRun maps and validates here, and says what would happen.
func (a *app) dryRun(ctx context.Context, in *importInput) error {
	var sent, rejected, filtered, warned int64
	codes := map[string]int64{}
	for ctx.Err() == nil {
		it, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		filtered += it.filtered
		if it.index == 0 {
			continue
		}
		errs := it.errors
		if it.body != nil && in.mapper == nil {
			_, found := events.Decode(events.TypeRecordSubmitted, it.body)
			errs = events.Explain(events.TypeRecordSubmitted, it.body, found)
		}
		warned += int64(len(it.warnings))
		if len(errs) == 0 {
			sent++
			continue
		}
		rejected++
		codes[errs[0].Code]++
		if rejected <= 10 {
			a.note("line %d: %s: %s", it.row.Line, joined(errs[0].Code, errs[0].Pointer), errs[0].Message)
		}
	}
	fmt.Fprintf(a.out, "dry run: nothing was sent   %s would be sent   %s rejected   %s filtered   %s\n",
		count(sent), count(rejected), count(filtered), plural(int(warned), "warning", "warnings"))
	if rejected > 0 {
		fmt.Fprintf(a.out, "rejected     %s\n", countsByCode(codes))
		return silent(exitRejected)
	}
	return ctx.Err()
}
