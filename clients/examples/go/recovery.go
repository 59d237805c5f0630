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

// Recovery is how to go on after a stream: the table of docs/devices.md.
type Recovery struct {
	Reason   string
	Stop     bool          // not by itself any more
	Discard  bool          // all that is held and saved, marks too
	Rewind   bool          // to the last complete point
	Anew     bool          // without the resume token
	NewToken bool          // with another access token
	Told     bool          // the Goodbye says when
	Rarely   bool          // somebody has to set something right first
	Delay    time.Duration // as the server asks
}

// passing are the codes of what passes by itself.
var passing = map[codes.Code]bool{
	codes.Unavailable: true, codes.Unknown: true, codes.Internal: true, codes.DeadlineExceeded: true,
	codes.ResourceExhausted: true,
}

// planRecovery decides by what the server said last, the Goodbye before the status.
func planRecovery(goodbye *pb.Goodbye, err error) Recovery {
	if errors.Is(err, errFrozen) && goodbye == nil {
		return Recovery{Reason: err.Error(), Rewind: true}
	}
	reason, delay, asked := reasonOf(err)
	recovery := Recovery{Reason: reason, Delay: delay, Rewind: errors.Is(err, errFrozen)}
	recovery.Rarely = reason == "REQUEST_TOO_LARGE" || reason != "" && !asked && !passing[status.Code(err)]
	recovery.NewToken = status.Code(err) == codes.Unauthenticated
	if goodbye != nil {
		recovery.Reason = strings.TrimPrefix(goodbye.Reason.String(), "GOODBYE_REASON_")
		recovery.Delay, recovery.Told = waitOf(goodbye.RetryDelay.AsDuration()), goodbye.RetryDelay != nil
		recovery.NewToken = false
	}
	switch recovery.Reason {
	case "SUPERSEDED", "ENDPOINT_DELETED":
		recovery.Stop = true
	case "FEED_BARRED":
		recovery.Stop, recovery.Discard = true, true
	case "FEED_DELETED":
		recovery.Discard = true
	case "RESUME_TOKEN_INVALID":
		recovery.Anew, recovery.Rarely = true, true
	case "TOKEN_EXPIRED":
		recovery.NewToken, recovery.Rarely = true, true
	case "DRAINING", "SESSION_AGE", "RESYNC":
		recovery.Rarely = false
	case "":
		// What has no reason of the service came from something in between.
		recovery.Reason = status.Convert(err).Message()
	default:
		recovery.Rarely = recovery.Rarely || goodbye != nil
	}
	return recovery
}

// reasonOf returns the service's own reason in an error, "" where it has none, and for how long it asks to wait.
func reasonOf(err error) (reason string, delay time.Duration, asked bool) {
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain == "unisono" {
				reason = detail.Reason
			}
		case *errdetails.RetryInfo:
			delay, asked = waitOf(detail.RetryDelay.AsDuration()), true
		}
	}
	return reason, delay, asked
}

func waitOf(asked time.Duration) time.Duration { return min(max(0, asked), time.Hour) }

// isNoAnswer returns whether an error of a call says nothing about its request: then it is to be repeated.
func isNoAnswer(err error) bool {
	reason, _, asked := reasonOf(err)
	code := status.Code(err)
	return reason == "" || asked || code == codes.Unauthenticated || code == codes.PermissionDenied
}

// Failures count since the last complete point.
type Failures struct {
	streams  int // that failed
	refusals int // of access tokens
	short    int // streams in a row that lived for less than a second
}

// after counts a stream that ended.
func (failures Failures) after(synced bool, lived time.Duration, recovery Recovery) Failures {
	if synced {
		failures.streams, failures.refusals = 0, 0
	}
	failures.streams++
	failures.short++
	if lived >= time.Second {
		failures.short = 0
	}
	if recovery.NewToken {
		failures.refusals++
	} else {
		failures.refusals = 0
	}
	return failures
}

// delay returns how long to wait: growing and random, on top of what the server asks for.
func (failures Failures) delay(recovery Recovery) time.Duration {
	switch {
	case recovery.Rewind && !recovery.Told, recovery.NewToken && failures.refusals == 1:
		return 0
	case recovery.Told && failures.short < 3:
		return recovery.Delay
	}
	first, longest := 100*time.Millisecond, 20*time.Second
	if recovery.Rarely {
		first, longest = 500*time.Millisecond, 5*time.Minute
	}
	growing := min(longest, first<<min(failures.streams-1, 20))
	return recovery.Delay + growing/2 + rand.N(growing/2)
}
