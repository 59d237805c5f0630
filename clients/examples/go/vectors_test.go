package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	pb "unisono/v1"
)

// A vector is a history of a device: what it gets, and what it has to make of it. See tests/vectors/README.md.
type vector struct {
	Name  string
	Steps []step
}

type step struct {
	Boot, Wall *float64
	Connect    *struct{ ResumeToken []byte }
	Message    json.RawMessage
	Payloads   map[string]json.RawMessage
	Look       *struct{}
	Mark       json.RawMessage
	Answered   int64 // the feed's revision after what the device sends then
	Restart    *struct{}
	Freeze     *struct{}
	Refused    *struct{ Reason string }
	Expect     *expectation
}

type expectation struct {
	UnreadCount int64             `json:"unread_count"`
	Rows        map[string][2]any // revision and title
	Ring        [][2]any          // id and alert revision of each that rings
	OneRings    [][2]any          `json:"one_rings"` // any one of these
	Shown       []string
	Badge       int64
	Marked      map[string][2]int64   // read state and user action of what own marks change
	Send        map[string][][2]int64 // the same of the marks to send, 0 for a part that is left alone
	MaySend     []string              `json:"may_send"`
}

// replay is a device without a network.
type replay struct {
	boot, wall time.Duration
	watchdog   Watchdog
	frozen     bool // since the stream began
	synced     bool
	inbox      *Inbox
	outbox     Outbox
	clock      ServerClock
	content    saved
	rings      []*pb.Notification
}

func TestVectors(t *testing.T) {
	paths, _ := filepath.Glob("../../../tests/vectors/*.json")
	count := 0
	for _, path := range paths {
		var vectors []vector
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &vectors)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, vector := range vectors {
			count++
			device := &replay{inbox: NewInbox()}
			device.watchdog.clock = func() time.Duration { return device.boot }
			for number, step := range vector.Steps {
				if problem := device.take(step); problem != "" {
					t.Errorf("%s, step %d: %s", vector.Name, number, problem)
					break
				}
			}
		}
	}
	if count < 2000 {
		t.Errorf("there are %d vectors", count)
	}
}

// take does a step, and returns what is not as expected.
func (device *replay) take(step step) string {
	device.setClocks(step)
	device.rings = nil
	switch {
	case step.Connect != nil:
		if !slices.Equal(step.Connect.ResumeToken, device.inbox.Token) {
			return fmt.Sprintf("it comes back with %q, not with %q", device.inbox.Token, step.Connect.ResumeToken)
		}
		device.frozen = false
	case step.Message != nil && device.watchdog.Look():
		device.frozen = true
		device.rewind()
	case step.Message != nil && !device.frozen:
		device.receive(step)
	case step.Mark != nil:
		device.mark(step)
	case step.Restart != nil:
		device.restart()
	case step.Refused != nil:
		device.inbox.Token = nil
	}
	if step.Expect != nil {
		return device.compare(step)
	}
	if len(device.rings) > 0 {
		return fmt.Sprintf("it rings for %v", device.rings)
	}
	return ""
}

func (device *replay) setClocks(step step) {
	before := device.boot
	if step.Boot != nil {
		device.boot = seconds(*step.Boot)
		if step.Freeze == nil {
			device.watchdog.last = device.boot // it has looked all the time
		}
	}
	device.wall += device.boot - before
	if step.Wall != nil {
		device.wall = seconds(*step.Wall)
	}
}

func (device *replay) receive(step step) {
	message := &pb.SubscribeResponse{}
	must(protojson.Unmarshal(step.Message, message))
	device.clock.Hear(message, device.boot)
	for _, event := range device.inbox.Missing(message) {
		if payload, found := step.Payloads[event.NotificationId]; found {
			event.Notification.Payload = &pb.Payload{}
			must(protojson.Unmarshal(payload, event.Notification.Payload))
		}
	}
	if device.inbox.IsGone(message) {
		device.content, device.outbox = saved{}, Outbox{}
	}
	if message.GetWelcome() != nil {
		device.synced = false
	}
	point := device.inbox.Apply(message, device.clock.Now(device.boot, device.wall))
	if point != nil {
		device.outbox.Settle(device.inbox, !device.synced)
		device.synced = true
		device.rings = point.Rings
		must(device.content.keep(device.inbox, device.clock.AheadOfWall(device.boot, device.wall)))
	}
}

func (device *replay) mark(step step) {
	asked := &pb.MarkNotificationsRequest{}
	must(protojson.Unmarshal(step.Mark, asked))
	state := State{Read: asked.ReadState, Action: Action{State: asked.UserActionState}}
	for _, named := range asked.GetReferences().Refs {
		device.outbox.Put(device.inbox.Rows[named.GetId()], state, *asked.UpToRevision)
	}
}

// send sends what waits, and has it answered.
func (device *replay) send(step step) string {
	sent := map[string][][2]int64{}
	for mark := device.outbox.Next(); mark != nil; mark = device.outbox.Next() {
		request := mark.Request("go")
		if !slices.Contains(step.Expect.MaySend, mark.ID) {
			sent[mark.ID] = append(sent[mark.ID], [2]int64{int64(request.ReadState), int64(request.UserActionState)})
		}
		device.outbox.Answered(mark, step.Answered, device.inbox)
	}
	if len(sent)+len(step.Expect.Send) > 0 && !reflect.DeepEqual(sent, step.Expect.Send) {
		return fmt.Sprintf("it sends %v, not %v", sent, step.Expect.Send)
	}
	return ""
}

func (device *replay) restart() {
	device.content.Marks = device.outbox.Marks
	text, err := json.Marshal(device.content)
	must(err)
	device.content = saved{}
	must(json.Unmarshal(text, &device.content))
	device.rewind()
	device.outbox = Outbox{device.content.Marks}
	device.clock = device.content.clock(device.boot, device.wall)
}

func (device *replay) rewind() {
	inbox, err := device.content.inbox()
	must(err)
	device.inbox = inbox
}

func (device *replay) compare(step step) string {
	expected := step.Expect
	shown, badge := device.inbox.Shown(&device.outbox, device.clock.Now(device.boot, device.wall))
	ids := []string{}
	for _, row := range shown {
		ids = append(ids, row.Id)
	}
	if !slices.Equal(ids, expected.Shown) || badge != expected.Badge {
		return fmt.Sprintf("it shows %v and %d, not %v and %d", ids, badge, expected.Shown, expected.Badge)
	}
	if marked := device.marked(); !reflect.DeepEqual(marked, expected.Marked) {
		return fmt.Sprintf("it shows as %v, not as %v", marked, expected.Marked)
	}
	if step.Message == nil {
		return ""
	}
	rows := map[string][2]any{}
	for id, row := range device.inbox.Rows {
		rows[id] = [2]any{float64(row.Revision), row.GetPayload().GetVisualContent().GetTitle()}
	}
	if !reflect.DeepEqual(rows, expected.Rows) || device.inbox.Unread != expected.UnreadCount {
		return fmt.Sprintf("it holds %v and %d, not %v", rows, device.inbox.Unread, expected)
	}
	rang := [][2]any{}
	for _, row := range device.rings {
		rang = append(rang, [2]any{row.Id, float64(row.AlertRevision)})
	}
	if !ringsAsExpected(rang, expected) {
		return fmt.Sprintf("it rings for %v, not for %v, or one of %v", rang, expected.Ring, expected.OneRings)
	}
	if device.frozen {
		return ""
	}
	return device.send(step)
}

// marked returns read state and user action of what looks different by own marks.
func (device *replay) marked() (marked map[string][2]int64) {
	for id, row := range device.inbox.Rows {
		if laid := device.outbox.Laid(row); laid != row {
			if marked == nil {
				marked = map[string][2]int64{}
			}
			marked[id] = [2]int64{int64(laid.ReadState), int64(laid.UserActionState)}
		}
	}
	return marked
}

func ringsAsExpected(rang [][2]any, expected *expectation) bool {
	if len(expected.OneRings) > 0 {
		return len(rang) == 1 && slices.Contains(expected.OneRings, rang[0])
	}
	for _, ring := range rang {
		if !slices.Contains(expected.Ring, ring) {
			return false
		}
	}
	return len(rang) == len(expected.Ring)
}

func seconds(value float64) time.Duration {
	return time.Duration(math.Round(value*1000)) * time.Millisecond
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
