package main

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "unisono/v1"
)

func failed(code codes.Code, reason string) error {
	ended := status.New(code, "")
	if reason != "" {
		ended, _ = ended.WithDetails(&errdetails.ErrorInfo{Domain: "unisono", Reason: reason})
	}
	return ended.Err()
}

func bye(reason pb.GoodbyeReason) *pb.Goodbye { return &pb.Goodbye{Reason: reason} }

// The rows of the table in docs/devices.md, "When a stream ends".
func TestRecovery(t *testing.T) {
	for _, row := range []struct {
		goodbye  *pb.Goodbye
		err      error
		expected Recovery
	}{
		{bye(pb.GoodbyeReason_GOODBYE_REASON_SUPERSEDED), nil, Recovery{Stop: true}},
		{nil, failed(codes.FailedPrecondition, "ENDPOINT_DELETED"), Recovery{Stop: true, Rarely: true}},
		{nil, failed(codes.FailedPrecondition, "FEED_BARRED"), Recovery{Stop: true, Discard: true, Rarely: true}},
		{bye(pb.GoodbyeReason_GOODBYE_REASON_TOKEN_EXPIRED), nil, Recovery{NewToken: true, Rarely: true}},
		{nil, failed(codes.Unauthenticated, "TOKEN_INVALID"), Recovery{NewToken: true, Rarely: true}},
		{nil, failed(codes.InvalidArgument, "RESUME_TOKEN_INVALID"), Recovery{Anew: true, Rarely: true}},
		{bye(pb.GoodbyeReason_GOODBYE_REASON_FEED_DELETED), nil, Recovery{Discard: true, Rarely: false}},
		{bye(pb.GoodbyeReason_GOODBYE_REASON_RESYNC), failed(codes.Unavailable, "RESYNC"), Recovery{}},
		{bye(99), failed(codes.Aborted, "NEW"), Recovery{Rarely: true}},
		{nil, failed(codes.Unavailable, "STORE_FULL"), Recovery{}},
		{nil, failed(codes.ResourceExhausted, "ENDPOINTS_EXCEEDED"), Recovery{}},
		{nil, failed(codes.ResourceExhausted, "REQUEST_TOO_LARGE"), Recovery{Rarely: true}},
		{nil, failed(codes.PermissionDenied, "APP_UNKNOWN"), Recovery{Rarely: true}},
		{nil, failed(codes.Unauthenticated, ""), Recovery{NewToken: true}},
		{nil, failed(codes.Unimplemented, ""), Recovery{}},
		{nil, failed(codes.Internal, ""), Recovery{}},
		{nil, errSilent, Recovery{}},
		{nil, errFrozen, Recovery{Rewind: true}},
	} {
		planned := planRecovery(row.goodbye, row.err)
		planned.Reason = ""
		if planned != row.expected {
			t.Errorf("after %v and %v: %+v", row.goodbye, row.err, planned)
		}
	}
}

func TestDelays(t *testing.T) {
	told := Recovery{Told: true, Delay: time.Second}
	for _, row := range []struct {
		recovery Recovery
		failures Failures
		least    time.Duration
		most     time.Duration
	}{
		{Recovery{}, Failures{streams: 1}, 50 * time.Millisecond, 100 * time.Millisecond},
		{Recovery{}, Failures{streams: 30}, 10 * time.Second, 20 * time.Second},
		{Recovery{Rarely: true}, Failures{streams: 30}, 150 * time.Second, 5 * time.Minute},
		{Recovery{Delay: time.Second}, Failures{streams: 1}, 1050 * time.Millisecond, 1100 * time.Millisecond},
		{Recovery{NewToken: true}, Failures{streams: 9, refusals: 1}, 0, 0},
		{Recovery{NewToken: true}, Failures{streams: 2, refusals: 2}, 100 * time.Millisecond, 200 * time.Millisecond},
		{told, Failures{streams: 9, short: 2}, time.Second, time.Second},
		{told, Failures{streams: 3, short: 3}, 1200 * time.Millisecond, 1400 * time.Millisecond},
	} {
		if delay := row.failures.delay(row.recovery); delay < row.least || delay > row.most {
			t.Errorf("after %+v of %+v: %v", row.failures, row.recovery, delay)
		}
	}
}

func TestWaitOfIsBounded(t *testing.T) {
	for _, asked := range []time.Duration{-time.Hour, 1000 * time.Hour} {
		goodbye := &pb.Goodbye{Reason: pb.GoodbyeReason_GOODBYE_REASON_DRAINING, RetryDelay: durationpb.New(asked)}
		if delay := planRecovery(goodbye, nil).Delay; delay < 0 || delay > time.Hour {
			t.Errorf("it waits %v", delay)
		}
	}
}
