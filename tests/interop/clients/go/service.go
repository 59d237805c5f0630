package main

import (
	"context"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	pb "unisono/v1"
)

const (
	deadline = 30 * time.Second
	phone    = "phone"
)

// service is what a backend and a device call, on one connection.
type service struct {
	*grpc.ClientConn
	notifications pb.NotificationServiceClient
	feeds         pb.FeedServiceClient
	userID        string
}

func connect(address string, ping bool) (*service, error) {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if ping {
		every := keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}
		options = append(options, grpc.WithKeepaliveParams(every))
	}
	connection, err := grpc.NewClient(address, options...)
	if err != nil {
		return nil, err
	}
	return &service{
		connection,
		pb.NewNotificationServiceClient(connection),
		pb.NewFeedServiceClient(connection),
		os.Getenv("USER_ID"),
	}, nil
}

// as is the context of a call with a token of the environment.
func as(variable string) context.Context { return bearer(os.Getenv(variable)) }

func bearer(token string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
}

// call makes a call that has the usual deadline.
func call[Request, Response any](
	method func(context.Context, Request, ...grpc.CallOption) (Response, error), ctx context.Context, request Request,
) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return method(ctx, request)
}

func (service *service) item(title, key string) *pb.SendNotificationRequest {
	payload := &pb.Payload{VisualContent: &pb.VisualContent{Title: title}}
	return &pb.SendNotificationRequest{UserId: service.userID, AppNotificationId: key, Payload: payload}
}

func (service *service) send(title, key string) (*pb.SendResult, error) {
	response, err := call(service.notifications.SendNotification, as("PUBLISHER_TOKEN"), service.item(title, key))
	return response.GetResult(), err
}

func (service *service) batch(items ...*pb.SendNotificationRequest) ([]*pb.BatchSendResult, error) {
	request := &pb.BatchSendNotificationsRequest{Requests: items}
	response, err := call(service.notifications.BatchSendNotifications, as("PUBLISHER_TOKEN"), request)
	return response.GetResults(), err
}

// pages lists the user's feed.
func (service *service) pages(size int32) (pages [][]*pb.Notification, err error) {
	request := &pb.ListNotificationsRequest{UserId: service.userID, PageSize: size}
	for {
		page, err := call(service.notifications.ListNotifications, as("PUBLISHER_TOKEN"), request)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page.GetNotifications())
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return pages, nil
		}
	}
}

// feed returns the feed's last revision, or that it cannot be asked.
func (service *service) feed(ctx context.Context) (int64, error) {
	feed, err := call(service.feeds.GetFeed, ctx, &pb.GetFeedRequest{UserId: service.userID})
	return feed.GetLastRevision(), err
}

// goesOn makes a call, to see whether the connection is good.
func (service *service) goesOn() error {
	_, err := service.feed(as("PUBLISHER_TOKEN"))
	return err
}
