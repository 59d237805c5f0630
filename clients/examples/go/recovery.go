package main

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "unisono/v1"
)

// Recovery is how to go on after a stream or a call that ended.
type Recovery struct {
	Stop     bool          // not by itself any more
	Rewind   bool          // to the last complete point
	Discard  bool          // all that is held and saved, marks too
	NewToken bool          // with another access token
	Anew     bool          // without the resume token
	Refused  bool          // the service itself said no: wait longer
	AtOnce   bool          // the server says when, so the growing delay need not come on top
	Delay    time.Duration // at least, as the server asks
	Reason   string
}

// planRecovery decides by what the server said last, the Goodbye before the status: the table of docs/devices.md.
func planRecovery(goodbye *pb.Goodbye, err error) Recovery {
	reason, delay := reasonOf(err)
	if goodbye != nil {
		reason = strings.TrimPrefix(goodbye.Reason.String(), "GOODBYE_REASON_")
		delay = goodbye.RetryDelay.AsDuration()
	}
	recovery := Recovery{Reason: reason, Delay: delay, Rewind: errors.Is(err, errFrozen)}
	if recovery.Rewind && goodbye == nil {
		return Recovery{Reason: err.Error(), Rewind: true, AtOnce: true}
	}
	switch reason {
	case "SUPERSEDED", "ENDPOINT_DELETED":
		recovery.Stop = true
	case "FEED_BARRED":
		recovery.Stop, recovery.Discard = true, true
	case "FEED_DELETED":
		recovery.Discard = true
	case "RESUME_TOKEN_INVALID":
		recovery.Anew = true
	case "TOKEN_EXPIRED":
		recovery.NewToken, recovery.AtOnce = true, goodbye != nil
	case "":
		// Whatever has no word of the service came from something in between.
		recovery.Reason = status.Convert(err).Message()
		recovery.NewToken = status.Code(err) == codes.Unauthenticated
	default:
		recovery.NewToken = status.Code(err) == codes.Unauthenticated
		recovery.Refused = goodbye == nil && delay == 0 && status.Code(err) != codes.Unavailable
		recovery.AtOnce = goodbye != nil && goodbye.RetryDelay != nil
	}
	return recovery
}

// reasonOf returns the service's own reason in an error, "" where it has none, and how long it asks to wait.
func reasonOf(err error) (reason string, delay time.Duration) {
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain == "unisono" {
				reason = detail.Reason
			}
		case *errdetails.RetryInfo:
			delay = min(max(0, detail.RetryDelay.AsDuration()), time.Hour)
		}
	}
	return reason, delay
}

// isNoAnswer returns whether an error of a call says nothing about its request: then it is to be repeated.
func isNoAnswer(err error) bool {
	reason, delay := reasonOf(err)
	return reason == "" || delay > 0 || status.Code(err) == codes.Unauthenticated
}

// delay returns how long to wait after so many failures in a row, from 1: growing and random, on top of what the
// server asks for; up to 20 s, and to 5 minutes after a refusal.
func (recovery Recovery) delay(failures int) time.Duration {
	if recovery.AtOnce && failures == 1 {
		return recovery.Delay
	}
	longest := 20 * time.Second
	if recovery.Refused {
		longest = 5 * time.Minute
	}
	growing := min(longest, 100*time.Millisecond<<min(failures, 20))
	return recovery.Delay + growing/2 + rand.N(growing/2)
}
