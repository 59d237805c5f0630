package main

import (
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"

	pb "unisono/v1"
)

// Outbox has the marks that the server has not answered yet, in their order.
type Outbox struct {
	waiting []*pb.MarkNotificationsRequest
}

func (outbox *Outbox) put(mark *pb.MarkNotificationsRequest) {
	outbox.waiting = append(outbox.waiting, mark)
}

func (outbox *Outbox) first() *pb.MarkNotificationsRequest {
	if len(outbox.waiting) == 0 {
		return nil
	}
	return outbox.waiting[0]
}

func (outbox *Outbox) drop() { outbox.waiting = outbox.waiting[1:] }

func (outbox *Outbox) load(texts []json.RawMessage) error {
	for _, text := range texts {
		mark := &pb.MarkNotificationsRequest{}
		if err := protojson.Unmarshal(text, mark); err != nil {
			return err
		}
		outbox.put(mark)
	}
	return nil
}

func (outbox *Outbox) texts() (texts []json.RawMessage) {
	for _, mark := range outbox.waiting {
		text, _ := protojson.Marshal(mark)
		texts = append(texts, text)
	}
	return texts
}
