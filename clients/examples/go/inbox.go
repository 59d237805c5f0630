package main

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	pb "unisono/v1"
)

// Inbox is what a device holds, and how messages change it: rules 1 to 5 of docs/devices.md, as data.
//
// Token is where the next stream begins: after the last message. All else that is exported is of the last complete
// point. What has come since is collected beside it: it is no state that the store ever had.
type Inbox struct {
	Rows     map[string]*pb.Notification
	Token    []byte
	Epoch    []byte // of the life of the feed that all this is from
	Revision int64
	Unread   int64

	catchingUp bool                        // before Synced
	resetting  bool                        // Rows are dropped at the next complete point
	changed    map[string]*pb.Notification // since the last complete point; nil: removed
	alerts     map[string]int64            // the same for what may ring, and the revisions of these events
}

// Point is a complete point: the device holds the store's state at Revision, and Rings are to be heard now.
type Point struct {
	Revision int64
	Unread   int64
	Rings    []*pb.Notification
}

func NewInbox() *Inbox {
	return &Inbox{
		Rows:    map[string]*pb.Notification{},
		changed: map[string]*pb.Notification{},
		alerts:  map[string]int64{},
	}
}

// Apply applies a message at a time of the server, and returns the complete point that it ends at, or nil.
func (inbox *Inbox) Apply(message *pb.SubscribeResponse, now time.Time) *Point {
	if inbox.IsGone(message) {
		inbox.Forget()
	}
	if message.GetGoodbye().GetReason() == pb.GoodbyeReason_GOODBYE_REASON_FEED_DELETED {
		return nil
	}
	if welcome := message.GetWelcome(); welcome != nil {
		inbox.welcome(welcome)
	}
	for _, event := range message.GetEventBatch().GetEvents() {
		inbox.collect(event)
	}
	inbox.Token = message.ResumeToken
	if !message.Complete {
		return nil
	}
	rings := inbox.rings(now)
	inbox.complete(message)
	return &Point{Revision: message.Revision, Unread: message.UnreadCount, Rings: rings}
}

// Missing returns the events of a message whose payload neither they nor the device have.
func (inbox *Inbox) Missing(message *pb.SubscribeResponse) (events []*pb.Event) {
	for _, event := range message.GetEventBatch().GetEvents() {
		known := inbox.known(event.NotificationId)
		if !event.Removed && event.Notification.GetPayload() == nil && known.GetPayload() == nil {
			events = append(events, event)
		}
	}
	return events
}

// Forget drops everything, as for a user who was deleted.
func (inbox *Inbox) Forget() { *inbox = *NewInbox() }

// IsGone returns whether a message says that the user was deleted: all that is of the user has to go, too.
func (inbox *Inbox) IsGone(message *pb.SubscribeResponse) bool {
	if welcome := message.GetWelcome(); welcome != nil {
		return len(inbox.Epoch) > 0 && !bytes.Equal(inbox.Epoch, welcome.FeedEpoch)
	}
	return message.GetGoodbye().GetReason() == pb.GoodbyeReason_GOODBYE_REASON_FEED_DELETED
}

func (inbox *Inbox) welcome(welcome *pb.Welcome) {
	inbox.catchingUp, inbox.Epoch = true, welcome.FeedEpoch
	if !welcome.Resumed {
		inbox.resetting = true
		clear(inbox.changed)
		clear(inbox.alerts)
	}
}

// known returns the notification as it is after all that has come; nil where there is none.
func (inbox *Inbox) known(id string) *pb.Notification {
	if row, changed := inbox.changed[id]; changed || inbox.resetting {
		return row
	}
	return inbox.Rows[id]
}

func (inbox *Inbox) collect(event *pb.Event) {
	id := event.NotificationId
	if event.Removed {
		inbox.changed[id] = nil
		return
	}
	row := proto.CloneOf(event.Notification)
	if row.Payload == nil {
		row.Payload = inbox.known(id).GetPayload()
	}
	inbox.changed[id] = row
	if event.Alert {
		inbox.alerts[id] = event.Revision
	}
}

// complete makes what was collected the state.
func (inbox *Inbox) complete(message *pb.SubscribeResponse) {
	if inbox.resetting {
		clear(inbox.Rows)
	}
	for id, row := range inbox.changed {
		inbox.Rows[id] = row
		if row == nil {
			delete(inbox.Rows, id)
		}
	}
	clear(inbox.changed)
	clear(inbox.alerts)
	inbox.resetting, inbox.catchingUp = false, false
	inbox.Revision, inbox.Unread = message.Revision, message.UnreadCount
}

// rings decides, at a complete point, for what to ring: the newest first, and only that of all that was missed. What
// is held since the last one is the record of what rang.
func (inbox *Inbox) rings(now time.Time) (rings []*pb.Notification) {
	for id := range inbox.alerts {
		row, held := inbox.changed[id], inbox.Rows[id]
		if row != nil && countsAsUnread(row) && !hasPassed(row, now) && row.AlertRevision > 0 && !sameAlert(row, held) {
			rings = append(rings, row)
		}
	}
	slices.SortFunc(rings, func(one, other *pb.Notification) int {
		return int(inbox.alerts[other.Id] - inbox.alerts[one.Id])
	})
	if inbox.catchingUp && len(rings) > 1 {
		rings = rings[:1]
	}
	return rings
}

func sameAlert(row, held *pb.Notification) bool {
	return held != nil && row.AlertRevision == held.AlertRevision && proto.Equal(row.AlertTime, held.AlertTime)
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
