package main

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "unisono/v1"
)

const (
	firstMessage = 20 * time.Second // until Welcome
	lastMessage  = 5 * time.Second  // between Goodbye and the end
	callTimeout  = 10 * time.Second
	gather       = 5 * time.Second // until what was saved is acknowledged
)

var (
	errFrozen = errors.New("FROZEN")
	errSilent = errors.New("SILENT")
)

// answer is that of the server to a mark: the feed's revision after it, or an error.
type answer struct {
	reached int64
	err     error
}

// stream is one Subscribe call of a device, with the calls beside it.
type stream struct {
	*Device
	*connection
	synced      bool
	goodbye     *pb.Goodbye
	messages    chan *pb.SubscribeResponse
	ended       chan error
	patience    time.Duration
	silence     *time.Timer
	acknowledge <-chan time.Time // when to do it
	sent        *Mark            // the mark that is on its way
	answers     chan answer      // to it
}

// run reads the stream to its end, and returns what ended it.
func (stream *stream) run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if stream.connection, err = stream.Server.connect(); err != nil {
		return err
	}
	defer stream.Close()
	stream.messages, stream.ended = make(chan *pb.SubscribeResponse), make(chan error, 1)
	stream.answers = make(chan answer, 1)
	stream.patience, stream.silence = firstMessage, time.NewTimer(firstMessage)
	go stream.receive(ctx, stream.request())

	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for stream.watchdog.Look(); ; {
		message, err := stream.next(ctx, ticks.C)
		// What arrived while the process stood still is not read: the next stream brings the net state of it.
		if stream.watchdog.Look() {
			stream.hearOut(message)
			return errFrozen
		}
		if err == nil && message != nil {
			err = stream.take(ctx, message)
		}
		if err != nil {
			return err
		}
	}
}

// hearOut looks through what arrived meanwhile for a Goodbye: who was superseded must not take over again.
func (stream *stream) hearOut(message *pb.SubscribeResponse) {
	for end := time.After(lastWords); stream.goodbye == nil; {
		if stream.goodbye = message.GetGoodbye(); stream.goodbye != nil {
			return
		}
		select {
		case message = <-stream.messages:
		case <-stream.ended:
			return
		case <-end:
			return
		}
	}
}

func (stream *stream) request() *pb.SubscribeRequest {
	request := &pb.SubscribeRequest{EndpointId: stream.content.EndpointID, Platform: stream.Platform}
	if stream.inbox.Token != nil {
		request.Start = &pb.SubscribeRequest_ResumeToken{ResumeToken: stream.inbox.Token}
	}
	if stream.Heartbeat > 0 {
		request.HeartbeatInterval = durationpb.New(stream.Heartbeat)
	}
	stream.Printer.Subscribe(request)
	return request
}

// receive passes the messages on, one at a time, and then the end.
func (stream *stream) receive(ctx context.Context, request *pb.SubscribeRequest) {
	call, err := stream.feeds().Subscribe(stream.as(ctx), request)
	for err == nil {
		var message *pb.SubscribeResponse
		if message, err = call.Recv(); err == nil {
			select {
			case stream.messages <- message:
			case <-ctx.Done():
			}
		}
	}
	stream.ended <- err
}

// next waits for whatever comes next, and returns the message, if it is one.
func (stream *stream) next(ctx context.Context, ticks <-chan time.Time) (*pb.SubscribeResponse, error) {
	if next := stream.outbox.Next(); stream.synced && stream.sent == nil && next != nil {
		stream.sent = next
		go stream.send(ctx, next.Request(stream.content.EndpointID))
	}
	select {
	case message := <-stream.messages:
		return message, nil
	case err := <-stream.ended:
		return nil, err
	case <-stream.silence.C:
		return nil, errSilent
	case <-ctx.Done():
		stream.report(context.Background(), stream.content.ResumeToken)
		return nil, ctx.Err()
	case <-stream.acknowledge:
		stream.acknowledge = nil
		go stream.report(ctx, stream.content.ResumeToken)
	case answer := <-stream.answers:
		return nil, stream.answered(answer)
	case command := <-stream.Commands:
		return nil, stream.mark(command)
	case <-ticks:
		stream.show()
	}
	return nil, nil
}

// take applies a message. What a complete point says is saved before it is told.
func (stream *stream) take(ctx context.Context, message *pb.SubscribeResponse) error {
	stream.Printer.Message(message)
	stream.clock.Hear(message, bootTime())
	if welcome := message.GetWelcome(); welcome != nil {
		stream.patience = 2 * welcome.HeartbeatInterval.AsDuration()
	}
	if stream.inbox.IsGone(message) {
		if err := stream.discard(); err != nil {
			return err
		}
	}
	if goodbye := message.GetGoodbye(); goodbye != nil {
		stream.goodbye, stream.patience = goodbye, lastMessage
	}
	stream.silence.Reset(stream.patience)
	if err := stream.complete(ctx, message); err != nil {
		return err
	}
	before := *stream.content
	point := stream.inbox.Apply(message, stream.serverTime())
	if point == nil {
		return nil
	}
	stream.outbox.Settle(stream.inbox, !stream.synced)
	if err := stream.keep(); err != nil {
		return err
	}
	if stream.watchdog.Look() {
		// Nobody was told of the point: what was saved of it is taken back.
		*stream.content = before
		return errors.Join(errFrozen, stream.save())
	}
	stream.Printer.Point(point, stream.inbox)
	stream.show()
	stream.synced = true
	if stream.acknowledge == nil {
		stream.acknowledge = time.After(gather)
	}
	return nil
}

// complete gets the payloads that neither the device nor a message has. What is gone by now has none.
func (stream *stream) complete(ctx context.Context, message *pb.SubscribeResponse) error {
	for _, event := range stream.inbox.Missing(message) {
		ctx, cancel := context.WithTimeout(stream.as(ctx), callTimeout)
		defer cancel()
		named := &pb.NotificationRef{Ref: &pb.NotificationRef_Id{Id: event.NotificationId}}
		got, err := stream.notifications().GetNotification(ctx, &pb.GetNotificationRequest{Notification: named})
		if reason, _, _ := reasonOf(err); err != nil && reason != "NOTIFICATION_NOT_FOUND" {
			return err
		}
		event.Notification.Payload = got.GetNotification().GetPayload()
	}
	return nil
}

// report acknowledges; if that fails, the next one will do.
func (stream *stream) report(ctx context.Context, token []byte) {
	ctx, cancel := context.WithTimeout(stream.as(ctx), callTimeout)
	defer cancel()
	endpointID := stream.content.EndpointID
	_, _ = stream.feeds().Acknowledge(ctx, &pb.AcknowledgeRequest{EndpointId: endpointID, ResumeToken: token})
}

func (stream *stream) send(ctx context.Context, mark *pb.MarkNotificationsRequest) {
	ctx, cancel := context.WithTimeout(stream.as(ctx), callTimeout)
	defer cancel()
	response, err := stream.notifications().MarkNotifications(ctx, mark)
	stream.answers <- answer{response.GetLastRevision(), err}
}

// answered ends a mark that is done or refused; where nobody said so, it stays, and the stream begins anew.
func (stream *stream) answered(answer answer) error {
	mark := stream.sent
	stream.sent = nil
	if answer.err != nil && isNoAnswer(answer.err) {
		return answer.err
	}
	if answer.err != nil {
		stream.Printer.Refused(mark.ID, answer.err.Error())
	}
	stream.outbox.Answered(mark, answer.reached, stream.inbox)
	return stream.save()
}
