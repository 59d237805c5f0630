package main

import (
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// endsWith returns what is not as it should be of the end of a call; an empty reason is not looked at.
func endsWith(err error, code codes.Code, reason string) error {
	ended, ok := status.FromError(err)
	if !ok || ended.Code() != code {
		return fmt.Errorf("%v instead of %v", err, code)
	}
	if reason == "" {
		return nil
	}
	return hasReason(ended.Proto().GetDetails(), reason)
}

func hasReason(details []*anypb.Any, reason string) error {
	info := &errdetails.ErrorInfo{}
	if err := unpack(details, info); err != nil {
		return err
	}
	if info.GetDomain() != "unisono" || info.GetReason() != reason {
		return fmt.Errorf("the reason is %s %s", info.GetDomain(), info.GetReason())
	}
	return nil
}

// unpack finds the detail of the type of a message.
func unpack(details []*anypb.Any, message proto.Message) error {
	for _, detail := range details {
		if detail.MessageIs(message) {
			return detail.UnmarshalTo(message)
		}
	}
	return fmt.Errorf("among the details is no %T", message)
}
