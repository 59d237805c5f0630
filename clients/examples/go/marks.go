package main

import (
	"slices"

	"google.golang.org/protobuf/proto"

	pb "unisono/v1"
)

// State is what marks change of a notification, in two parts: whether it was read, and what the user did with it.
type State struct {
	Read   pb.ReadState
	Action Action
}

// Action is the second part; Until is in milliseconds since 1970.
type Action struct {
	State    pb.UserActionState
	ActionID string
	Until    int64
}

// Mark is a decision about one notification, from its making until the inbox shows it.
//
// Read and Action have, of each part that it changes, the values that the notification may have without a decision of
// somebody else: what it was when the mark was made, and what earlier own marks made of it. A part that somebody else
// has decided since has none left.
type Mark struct {
	ID           string
	Asked        State // zero where it leaves a part alone
	Read         []pb.ReadState
	Action       []Action
	UpToRevision int64 // what the user has seen
	Reached      int64 // the feed's revision after it, once the server has answered; 0 before
}

// Outbox has the marks that the inbox does not show yet, in their order.
type Outbox struct{ Marks []*Mark }

func stateOf(row *pb.Notification) State {
	action := Action{State: row.UserActionState, ActionID: row.ActionId}
	if row.SnoozeUntil != nil {
		action.Until = row.SnoozeUntil.AsTime().UnixMilli()
	}
	return State{row.ReadState, action}
}

// Put makes a mark of a notification as it is in the inbox.
func (outbox *Outbox) Put(row *pb.Notification, asked State, revision int64) {
	mark := &Mark{ID: row.Id, Asked: asked, UpToRevision: revision}
	for _, state := range outbox.states(row) {
		if asked.Read != 0 {
			mark.Read = append(mark.Read, state.Read)
		}
		if asked.Action.State != 0 {
			mark.Action = append(mark.Action, state.Action)
		}
	}
	mark.Read, mark.Action = slices.Compact(mark.Read), slices.Compact(mark.Action)
	outbox.Marks = append(outbox.Marks, mark)
}

// states returns the state of a row, and then as each mark in turn makes it.
func (outbox *Outbox) states(row *pb.Notification) []State {
	states := []State{stateOf(row)}
	for _, mark := range outbox.Marks {
		if mark.ID == row.Id {
			states = append(states, mark.on(states[len(states)-1]))
		}
	}
	return states
}

// on returns a state after the mark, as far as it stands.
func (mark *Mark) on(state State) State {
	if len(mark.Read) > 0 {
		state.Read = mark.Asked.Read
	}
	if len(mark.Action) > 0 {
		state.Action = mark.made(state.Action)
	}
	return state
}

// made returns the second part after the mark: ACTIVATED without an id leaves the one that was chosen.
func (mark *Mark) made(before Action) Action {
	made := mark.Asked.Action
	if made.State == pb.UserActionState_USER_ACTION_STATE_ACTIVATED && made.ActionID == "" {
		made.ActionID = before.ActionID
	}
	return made
}

// Laid returns a row with the own marks laid over.
func (outbox *Outbox) Laid(row *pb.Notification) *pb.Notification {
	states := outbox.states(row)
	last := states[len(states)-1]
	if last == states[0] {
		return row
	}
	laid := proto.CloneOf(row)
	laid.ReadState, laid.UserActionState, laid.ActionId = last.Read, last.Action.State, last.Action.ActionID
	return laid
}

// Settle looks at all marks at a complete point; synced is whether it is the first of a stream.
//
// It lets go of what the inbox shows by now, and of what has gone, has an alert that the user has not seen, or was
// decided by somebody else since.
func (outbox *Outbox) Settle(inbox *Inbox, synced bool) {
	outbox.Marks = slices.DeleteFunc(outbox.Marks, func(mark *Mark) bool {
		if mark.Reached > 0 {
			return synced || mark.Reached <= inbox.Revision
		}
		row := inbox.Rows[mark.ID]
		if row == nil || row.AlertRevision > mark.UpToRevision {
			return true
		}
		mark.stand(stateOf(row))
		return len(mark.Read)+len(mark.Action) == 0
	})
}

// stand keeps, of each part, the values from the present one on; a part that has none of them was decided anew.
func (mark *Mark) stand(now State) {
	mark.Read = standing(mark.Read, now.Read, func(pb.ReadState) pb.ReadState { return mark.Asked.Read })
	mark.Action = standing(mark.Action, now.Action, mark.made)
}

func standing[Value comparable](values []Value, now Value, made func(Value) Value) []Value {
	if place := slices.Index(values, now); place >= 0 {
		return values[place:]
	}
	for _, value := range values {
		if made(value) == now {
			return []Value{now}
		}
	}
	return nil
}

// Next returns the first mark that the server has not answered, or nil.
func (outbox *Outbox) Next() *Mark {
	for _, mark := range outbox.Marks {
		if mark.Reached == 0 {
			return mark
		}
	}
	return nil
}

// Answered takes over the server's answer to a mark: the feed's revision after it, or 0 where it was refused.
func (outbox *Outbox) Answered(mark *Mark, reached int64, inbox *Inbox) {
	mark.Reached = reached
	if reached <= inbox.Revision {
		outbox.Marks = slices.DeleteFunc(outbox.Marks, func(other *Mark) bool { return other == mark })
	}
}

// Request returns what is to be sent of a mark: the parts that stand.
func (mark *Mark) Request(endpointID string) *pb.MarkNotificationsRequest {
	named := &pb.NotificationRef{Ref: &pb.NotificationRef_Id{Id: mark.ID}}
	request := &pb.MarkNotificationsRequest{
		EndpointId: endpointID,
		Selector: &pb.MarkNotificationsRequest_References{
			References: &pb.NotificationRefs{Refs: []*pb.NotificationRef{named}},
		},
		UpToRevision: &mark.UpToRevision,
	}
	if len(mark.Read) > 0 {
		request.ReadState = mark.Asked.Read
	}
	if len(mark.Action) > 0 {
		request.UserActionState, request.ActionId = mark.Asked.Action.State, mark.Asked.Action.ActionID
	}
	return request
}
