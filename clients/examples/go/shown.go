package main

import (
	"time"

	pb "unisono/v1"
)

// ServerClock tells the server's time: by what the server said, and what has passed since. That is counted by the
// clock since the boot, which nobody can set; the wall clock serves until the server has said something, and across a
// restart with the difference that was saved.
type ServerClock struct {
	known bool
	ahead time.Duration // of the clock since the boot
}

// Hear takes over the time in a message. A message can only come late, so of one stream the latest time counts; that
// of its Welcome is believed in any case.
func (clock *ServerClock) Hear(message *pb.SubscribeResponse, boot time.Duration) {
	said := message.GetHeartbeat().GetServerTime()
	welcome := message.GetWelcome().GetServerTime()
	if welcome != nil {
		said = welcome
	}
	if said == nil {
		return
	}
	ahead := time.Duration(said.AsTime().UnixNano()) - boot
	if welcome != nil || !clock.known || ahead > clock.ahead {
		clock.known, clock.ahead = true, ahead
	}
}

// Now returns the server's time.
func (clock *ServerClock) Now(boot, wall time.Duration) time.Time {
	if !clock.known {
		return time.Unix(0, int64(wall))
	}
	return time.Unix(0, int64(boot+clock.ahead))
}

// AheadOfWall is what a later process restores.
func (clock *ServerClock) AheadOfWall(boot, wall time.Duration) time.Duration {
	return clock.ahead + boot - wall
}

// Restore goes on with the difference that an earlier process saved.
func (clock *ServerClock) Restore(aheadOfWall, boot, wall time.Duration) {
	clock.known, clock.ahead = true, aheadOfWall+wall-boot
}

// hasPassed returns whether a notification is over: its display time since the last alert, or its life.
func hasPassed(row *pb.Notification, now time.Time) bool {
	if row.ExpireTime != nil && !now.Before(row.ExpireTime.AsTime()) {
		return true
	}
	if row.DisplayTimeToLive == nil {
		return false
	}
	alerted := row.AlertTime
	if alerted == nil {
		alerted = row.CreateTime // an older server stored it
	}
	return !now.Before(alerted.AsTime().Add(row.DisplayTimeToLive.AsDuration()))
}

// Shown returns what a person is to see, newest first, with own marks laid over, and the number beside the icon.
func (inbox *Inbox) Shown(outbox *Outbox, now time.Time) (shown []*pb.Notification, badge int64) {
	badge = inbox.Unread
	for _, row := range newestFirst(inbox.Rows) {
		laid := outbox.Laid(row)
		badge += counted(laid) - counted(row)
		if !hasPassed(row, now) {
			shown = append(shown, laid)
		} else {
			badge -= counted(laid)
		}
	}
	return shown, max(0, badge)
}

func counted(row *pb.Notification) int64 {
	if countsAsUnread(row) {
		return 1
	}
	return 0
}
