package main

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "unisono/v1"
)

func drain(service *service) error {
	older, err := service.synced(as("USER_TOKEN"))
	if err != nil {
		return err
	}
	sent, err := service.send("Before", "")
	if err != nil {
		return err
	}
	if event, err := older.event(); err != nil || event.GetNotificationId() != sent.GetId() {
		return fmt.Errorf("the event is %v, %v", event, err)
	}
	fmt.Println("ready")
	goodbye, err := lastWords(older)
	if err != nil {
		return err
	}
	time.Sleep(goodbye.GetRetryDelay().AsDuration())
	var newer *stream
	if err := repeated(func() (err error) { newer, err = resumed(service, older.resumeToken); return }); err != nil {
		return err
	}
	event, err := newer.event()
	if err != nil || title(event.GetNotification()) != "After the restart" {
		return fmt.Errorf("the event is %v, %v", event, err)
	}
	return nil
}

// lastWords reads to the end, and returns the Goodbye.
func lastWords(stream *stream) (*pb.Goodbye, error) {
	var last *pb.SubscribeResponse
	message, err := stream.next()
	for err == nil {
		last = message
		message, err = stream.next()
	}
	if err := endsWith(err, codes.Unavailable, "DRAINING"); err != nil {
		return nil, err
	}
	if last.GetGoodbye().GetReason() != pb.GoodbyeReason_GOODBYE_REASON_DRAINING {
		return nil, fmt.Errorf("the last message is %v", last)
	}
	return last.GetGoodbye(), nil
}

func resumed(service *service, resumeToken []byte) (*stream, error) {
	stream, err := service.subscribe(as("USER_TOKEN"), resumeToken)
	if err != nil {
		return nil, err
	}
	message, err := stream.next()
	if err == nil && !message.GetWelcome().GetResumed() {
		err = fmt.Errorf("the stream did not resume: %v", message)
	}
	return stream, err
}

// repeated makes a call until it does not end with Unavailable any more.
func repeated(call func() error) error {
	for until := time.Now().Add(deadline); ; time.Sleep(50 * time.Millisecond) {
		if err := call(); status.Code(err) != codes.Unavailable || time.Now().After(until) {
			return err
		}
	}
}

func goaway(service *service) error {
	stream, err := service.synced(as("USER_TOKEN"))
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- stream.exhaust() }()
	fmt.Println("ready")
	var ids []string
	for last, soonest := false, time.Now().Add(5*time.Second); !last; {
		last = len(ended) > 0 && time.Now().After(soonest)
		title := fmt.Sprint("call-", len(ids))
		var sent *pb.SendResult
		if err := repeated(func() (err error) { sent, err = service.send(title, title); return }); err != nil {
			return err
		}
		ids = append(ids, sent.GetId())
	}
	return listed(service, ids)
}

// listed returns an error unless the feed has the calls with these ids, each once.
func listed(service *service, ids []string) error {
	pages, err := service.pages(500)
	if err != nil {
		return err
	}
	count := 0
	for _, page := range pages {
		for _, row := range page {
			count++
			if number := len(ids) - count; number < 0 || row.GetId() != ids[number] || title(row) != fmt.Sprint("call-", number) {
				return fmt.Errorf("after %d calls the list has %v", len(ids), row)
			}
		}
	}
	if count != len(ids) {
		return fmt.Errorf("%d were sent, %d are listed", len(ids), count)
	}
	return nil
}
