package main

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	pb "unisono/v1"
)

// Inbox is what a device holds, and how messages change it: rules 1 to 5 of docs/devices.md, as data.
//
// Token is where the next stream begins: after the last message. All else that is exported is of the last complete
// point as soon as Apply has returned one, and between two of them on its way to the next.
type Inbox struct {
	Rows     map[string]*pb.Notification
	Rung     map[string]int64 // the largest alert revision of each notification that is done with
	Token    []byte
	Epoch    []byte // of the life of the feed that all this is from
	Revision int64
	Unread   int64

	catchingUp bool
	alerts     map[string]alert // received since the last complete point
}

type alert struct{ revision, alertRevision int64 }

// Point is a complete point: the device holds the store's state at Revision, and Rings are to be heard now.
type Point struct {
	Revision int64
	Unread   int64
	Synced   bool
	Rings    []*pb.Notification
}

func NewInbox() *Inbox {
	return &Inbox{
		Rows:       map[string]*pb.Notification{},
		Rung:       map[string]int64{},
		catchingUp: true,
		alerts:     map[string]alert{},
	}
}

// Apply applies a message, and returns the complete point that it ends at, or nil.
func (inbox *Inbox) Apply(message *pb.SubscribeResponse) *Point {
	if welcome := message.GetWelcome(); welcome != nil {
		inbox.welcome(welcome)
	}
	for _, event := range message.GetEventBatch().GetEvents() {
		inbox.apply(event)
	}
	inbox.Token = message.ResumeToken
	if !message.Complete {
		return nil
	}
	inbox.Revision, inbox.Unread = message.Revision, message.UnreadCount
	return &Point{
		Revision: message.Revision,
		Unread:   message.UnreadCount,
		Synced:   message.GetSynced() != nil,
		Rings:    inbox.rings(),
	}
}

// Missing returns the events of a message whose payload neither they nor the device have.
func (inbox *Inbox) Missing(message *pb.SubscribeResponse) (events []*pb.Event) {
	for _, event := range message.GetEventBatch().GetEvents() {
		held := inbox.Rows[event.NotificationId]
		if !event.Removed && event.Notification.GetPayload() == nil && held.GetPayload() == nil {
			events = append(events, event)
		}
	}
	return events
}

// Forget drops everything, as for a user who was deleted.
func (inbox *Inbox) Forget() { *inbox = *NewInbox() }

func (inbox *Inbox) welcome(welcome *pb.Welcome) {
	inbox.catchingUp = true
	if !welcome.Resumed {
		inbox.Forget()
	}
	inbox.Epoch = welcome.FeedEpoch
}

func (inbox *Inbox) apply(event *pb.Event) {
	id := event.NotificationId
	if event.Removed {
		delete(inbox.Rows, id)
		delete(inbox.Rung, id)
		return
	}
	row := proto.CloneOf(event.Notification)
	if row.Payload == nil {
		row.Payload = inbox.Rows[id].GetPayload()
	}
	inbox.Rows[id] = row
	if event.Alert {
		inbox.alerts[id] = alert{event.Revision, row.AlertRevision}
	}
}

// rings decides, at a complete point, for what to ring: the newest comes first, and what was missed rings once.
func (inbox *Inbox) rings() (rings []*pb.Notification) {
	for id, alert := range inbox.alerts {
		row := inbox.Rows[id]
		if row == nil {
			continue
		}
		if alert.alertRevision > inbox.Rung[id] {
			inbox.Rung[id] = alert.alertRevision
			if countsAsUnread(row) {
				rings = append(rings, row)
			}
		}
	}
	slices.SortFunc(rings, func(one, other *pb.Notification) int {
		return int(inbox.alerts[other.Id].revision - inbox.alerts[one.Id].revision)
	})
	if inbox.catchingUp && len(rings) > 1 {
		rings = rings[:1]
	}
	inbox.alerts, inbox.catchingUp = map[string]alert{}, false
	return rings
}

func countsAsUnread(row *pb.Notification) bool {
	return row.ReadState == pb.ReadState_READ_STATE_UNREAD &&
		row.UserActionState != pb.UserActionState_USER_ACTION_STATE_DISMISSED &&
		row.UserActionState != pb.UserActionState_USER_ACTION_STATE_SNOOZED
}

// newestFirst returns rows in the order in which devices show them.
func newestFirst(rows map[string]*pb.Notification) []*pb.Notification {
	sorted := make([]*pb.Notification, 0, len(rows))
	for _, row := range rows {
		sorted = append(sorted, row)
	}
	slices.SortFunc(sorted, func(one, other *pb.Notification) int {
		if created := other.CreateTime.AsTime().Compare(one.CreateTime.AsTime()); created != 0 {
			return created
		}
		return strings.Compare(other.Id, one.Id)
	})
	return sorted
}
