package main

import (
	"context"
	"errors"

	"google.golang.org/grpc"

	pb "unisono/v1"
)

// stream is one Subscribe call. resumeToken is that of the last message.
type stream struct {
	grpc.ServerStreamingClient[pb.SubscribeResponse]
	resumeToken []byte
	events      []*pb.Event
}

func (service *service) subscribe(ctx context.Context, resumeToken []byte) (*stream, error) {
	request := &pb.SubscribeRequest{EndpointId: phone, Platform: pb.DevicePlatform_DEVICE_PLATFORM_LINUX}
	if resumeToken != nil {
		request.Start = &pb.SubscribeRequest_ResumeToken{ResumeToken: resumeToken}
	}
	call, err := service.feeds.Subscribe(ctx, request)
	return &stream{ServerStreamingClient: call}, err
}

// synced begins a stream, and reads until a message is complete.
func (service *service) synced(ctx context.Context) (*stream, error) {
	stream, err := service.subscribe(ctx, nil)
	if err != nil {
		return nil, err
	}
	message, err := stream.next()
	if err == nil && message.GetWelcome() == nil {
		err = errors.New("the first message is no Welcome")
	}
	for err == nil && !message.GetComplete() {
		message, err = stream.next()
	}
	return stream, err
}

// next returns the next message. An error is what ended the stream, io.EOF when that was OK.
func (stream *stream) next() (*pb.SubscribeResponse, error) {
	message, err := stream.Recv()
	if err == nil {
		stream.resumeToken = message.GetResumeToken()
	}
	return message, err
}

// event returns the next event, whatever else comes before it.
func (stream *stream) event() (*pb.Event, error) {
	for len(stream.events) == 0 {
		message, err := stream.next()
		if err != nil {
			return nil, err
		}
		stream.events = message.GetEventBatch().GetEvents()
	}
	event := stream.events[0]
	stream.events = stream.events[1:]
	return event, nil
}

// exhaust reads to the end, and returns what ended it.
func (stream *stream) exhaust() error {
	for {
		if _, err := stream.next(); err != nil {
			return err
		}
	}
}
