package main

import (
	"encoding/json"
	"os"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "unisono/v1"
)

// Printer writes a line of JSON for each thing that happens: one object with the time, in seconds since 1970, and
// what it is.
type Printer struct {
	Trace bool // requests and messages, too
}

type toldRow struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Revision int64  `json:"revision"`
	Unread   bool   `json:"unread"`
}

// Point tells of a complete point, with all rows, and then of what is to be heard.
func (printer Printer) Point(point *Point, inbox *Inbox) {
	rows := told(newestFirst(inbox.Rows))
	printer.print("point", map[string]any{"revision": point.Revision, "unread": point.Unread, "rows": rows})
	for _, row := range point.Rings {
		title := row.GetPayload().GetVisualContent().GetTitle()
		printer.print("ring", map[string]any{"id": row.Id, "alert_revision": row.AlertRevision, "title": title})
	}
}

// Shown tells what a person is to see, and the number beside the icon.
func (printer Printer) Shown(rows []toldRow, badge int64) {
	printer.print("shown", map[string]any{"badge": badge, "rows": rows})
}

// Ended tells why a stream ended, by its status if the server or the way ended it, and after how long the next begins.
func (printer Printer) Ended(err error, recovery Recovery, delay time.Duration) {
	reason, _, _ := reasonOf(err)
	told := map[string]any{"why": recovery.Reason, "reason": reason, "delay": delay.Seconds()}
	if ended, ok := status.FromError(err); ok {
		told["code"] = ended.Code()
	}
	printer.print("ended", told)
}

// Refused tells that a mark is none.
func (printer Printer) Refused(id, why string) {
	printer.print("refused", map[string]any{"id": id, "why": why})
}

// Subscribe tells of the request of a stream.
func (printer Printer) Subscribe(request *pb.SubscribeRequest) { printer.trace("subscribe", request) }

// Message tells of a message, before it is applied.
func (printer Printer) Message(message *pb.SubscribeResponse) { printer.trace("message", message) }

func (printer Printer) trace(kind string, message proto.Message) {
	if printer.Trace {
		printer.print(kind, plain(message))
	}
}

func (printer Printer) print(kind string, what any) {
	now := float64(time.Now().UnixMicro()) / 1e6
	text, err := json.Marshal(map[string]any{"time": now, kind: what})
	if err == nil {
		_, err = os.Stdout.Write(append(text, '\n'))
	}
	if err != nil {
		panic(err) // nobody is told any more
	}
}

func told(rows []*pb.Notification) []toldRow {
	told := []toldRow{}
	for _, row := range rows {
		title := row.GetPayload().GetVisualContent().GetTitle()
		told = append(told, toldRow{ID: row.Id, Title: title, Revision: row.Revision, Unread: countsAsUnread(row)})
	}
	return told
}

func plain(message proto.Message) json.RawMessage {
	text, err := protojson.Marshal(message)
	if err != nil {
		panic(err) // a text that is no UTF-8, which no message has
	}
	return text
}
