package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "unisono/v1"
)

// cases are what is tried, as the README has it.
var cases = map[string]func(*service) error{
	"send": send, "batch": batch, "list": list, "live": live, "deadline": tooLate, "cancel": cancel, "large": large,
	"keepalive": hold, "keepalive-10s": ping, "drain": drain, "goaway": goaway, "stranger": stranger,
}

func send(service *service) error {
	first, err := service.send("Grüße, 世界", "parcel-1")
	if err != nil || first.GetId() == "" || first.GetRevision() <= 0 || first.GetDeduplicated() {
		return fmt.Errorf("the first answer is %v, %v", first, err)
	}
	again, err := service.send("Grüße, 世界", "parcel-1")
	if err != nil || again.GetId() != first.GetId() || !again.GetDeduplicated() {
		return fmt.Errorf("the second answer is %v, %v", again, err)
	}
	return nil
}

func batch(service *service) error {
	empty := &pb.SendNotificationRequest{UserId: service.userID}
	results, err := service.batch(service.item("First", ""), empty, service.item("Last", ""))
	if err != nil {
		return err
	}
	if len(results) != 3 || results[0].GetResult() == nil || results[2].GetResult() == nil {
		return fmt.Errorf("the results are %v", results)
	}
	refused := results[1].GetError()
	if codes.Code(refused.GetCode()) != codes.InvalidArgument {
		return fmt.Errorf("the code is %d", refused.GetCode())
	}
	if err := hasReason(refused.GetDetails(), "INVALID_REQUEST"); err != nil {
		return err
	}
	bad := &errdetails.BadRequest{}
	err = unpack(refused.GetDetails(), bad)
	if violations := bad.GetFieldViolations(); len(violations) != 1 || violations[0].GetField() != "payload" {
		return fmt.Errorf("it names %v, %v", violations, err)
	}
	return nil
}

func list(service *service) error {
	var items []*pb.SendNotificationRequest
	for number := range 5 {
		items = append(items, service.item(fmt.Sprint("Number ", number), ""))
	}
	results, err := service.batch(items...)
	if err != nil {
		return err
	}
	pages, err := service.pages(2)
	if err != nil {
		return err
	}
	rows := slices.Concat(pages...)
	if len(pages) != 3 || len(rows) != len(results) {
		return fmt.Errorf("%d in %d pages", len(rows), len(pages))
	}
	for number, row := range rows {
		if row.GetId() != results[len(results)-1-number].GetResult().GetId() {
			return errors.New("the list is not what was sent, newest first")
		}
	}
	return nil
}

func live(service *service) error {
	stream, err := service.synced(as("USER_TOKEN"))
	if err != nil {
		return err
	}
	sent, err := service.send("Hello", "")
	if err != nil {
		return err
	}
	event, err := stream.event()
	if err != nil || event.GetNotificationId() != sent.GetId() || !event.GetAlert() ||
		event.GetChangeType() != pb.ChangeType_CHANGE_TYPE_CREATED || title(event.GetNotification()) != "Hello" {
		return fmt.Errorf("the event is %v, %v", event, err)
	}
	marked, err := call(service.notifications.MarkNotifications, as("USER_TOKEN"), read(sent.GetId()))
	if err != nil || marked.GetChanged() != 1 {
		return fmt.Errorf("the mark's answer is %v, %v", marked, err)
	}
	event, err = stream.event()
	if err != nil || event.GetChangeType() != pb.ChangeType_CHANGE_TYPE_STATE_CHANGED ||
		event.GetNotification().GetReadState() != pb.ReadState_READ_STATE_READ || event.GetOriginEndpointId() != phone {
		return fmt.Errorf("the event is %v, %v", event, err)
	}
	return nil
}

func read(id string) *pb.MarkNotificationsRequest {
	references := &pb.NotificationRefs{Refs: []*pb.NotificationRef{{Ref: &pb.NotificationRef_Id{Id: id}}}}
	return &pb.MarkNotificationsRequest{
		EndpointId: phone,
		Selector:   &pb.MarkNotificationsRequest_References{References: references},
		ReadState:  pb.ReadState_READ_STATE_READ,
	}
}

func title(notification *pb.Notification) string {
	return notification.GetPayload().GetVisualContent().GetTitle()
}

func tooLate(service *service) error {
	ctx, cancel := context.WithTimeout(as("USER_TOKEN"), 300*time.Millisecond)
	defer cancel()
	stream, err := service.subscribe(ctx, nil)
	if err == nil {
		err = stream.exhaust()
	}
	return errors.Join(endsWith(err, codes.DeadlineExceeded, ""), service.goesOn())
}

func cancel(service *service) error {
	ctx, cancel := context.WithCancel(as("USER_TOKEN"))
	defer cancel()
	stream, err := service.synced(ctx)
	if err != nil {
		return err
	}
	cancel()
	return errors.Join(endsWith(stream.exhaust(), codes.Canceled, ""), service.goesOn())
}

func large(service *service) error {
	payload := &pb.Payload{RawContent: make([]byte, 32*1024)}
	item := &pb.SendNotificationRequest{UserId: service.userID, Payload: payload}
	stored, err := service.batch(slices.Repeat([]*pb.SendNotificationRequest{item}, 127)...)
	if err != nil || len(stored) != 127 {
		return fmt.Errorf("%d were stored, %v", len(stored), err)
	}
	_, err = service.batch(slices.Repeat([]*pb.SendNotificationRequest{item}, 160)...)
	if err := endsWith(err, codes.ResourceExhausted, "REQUEST_TOO_LARGE"); err != nil {
		return err
	}
	revision, err := service.feed(as("PUBLISHER_TOKEN"))
	if err != nil || revision != 127 {
		return fmt.Errorf("the feed is at %d, %v", revision, err)
	}
	pages, err := service.pages(500)
	if err != nil || len(pages[0]) <= 25 {
		return fmt.Errorf("%d pages, %v", len(pages), err)
	}
	return nil
}

func hold(service *service) error { return holdUntil(service, func() {}) }

func ping(service *service) error {
	// The stream ends before the pause.
	err := holdUntil(service, func() { time.Sleep(15 * time.Second) })
	return errors.Join(err, service.goesOn())
}

func holdUntil(service *service, after func()) error {
	ctx, cancel := context.WithCancel(as("USER_TOKEN"))
	defer after()
	defer cancel()
	stream, err := service.synced(ctx)
	if err != nil {
		return err
	}
	time.Sleep(25 * time.Second)
	sent, err := service.send("Still there", "")
	if err != nil {
		return err
	}
	event, err := stream.event()
	if err != nil || event.GetNotificationId() != sent.GetId() {
		return fmt.Errorf("the event is %v, %v", event, err)
	}
	return nil
}

func stranger(service *service) error {
	_, err := service.feed(bearer("nonsense"))
	return errors.Join(endsWith(err, codes.Unauthenticated, "TOKEN_INVALID"), service.goesOn())
}
