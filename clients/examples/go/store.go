package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	pb "unisono/v1"
)

// saved is the file of a device: all that has to survive the process, of one complete point.
type saved struct {
	EndpointID  string            `json:"endpoint_id"`
	FeedEpoch   []byte            `json:"feed_epoch"`
	ResumeToken []byte            `json:"resume_token"`
	Revision    int64             `json:"revision"`
	UnreadCount int64             `json:"unread_count"`
	ServerAhead *time.Duration    `json:"server_ahead"` // of the wall clock
	Rows        []json.RawMessage `json:"rows"`
	Marks       []*Mark           `json:"marks"`
}

// Store keeps a device in one file, which is always of one piece: it is written beside, synced, and renamed.
type Store struct{ path string }

// Load returns the content of the file; nothing where there is none yet.
func (store Store) Load() (*saved, error) {
	content := &saved{}
	text, err := os.ReadFile(store.path)
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	if err == nil {
		err = json.Unmarshal(text, content)
	}
	return content, err
}

// Save returns when the content would survive a power failure.
func (store Store) Save(content *saved) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	beside := store.path + ".new"
	if err := writeSynced(beside, text); err != nil {
		return err
	}
	if err := os.Rename(beside, store.path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(store.path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// inbox returns the inbox that was saved.
func (content *saved) inbox() (*Inbox, error) {
	inbox := NewInbox()
	inbox.Token, inbox.Epoch = content.ResumeToken, content.FeedEpoch
	inbox.Revision, inbox.Unread = content.Revision, content.UnreadCount
	for _, text := range content.Rows {
		row := &pb.Notification{}
		if err := protojson.Unmarshal(text, row); err != nil {
			return nil, err
		}
		inbox.Rows[row.Id] = row
	}
	return inbox, nil
}

// clock returns the clock of the server, as well as it is known.
func (content *saved) clock(boot, wall time.Duration) (clock ServerClock) {
	if content.ServerAhead != nil {
		clock.Restore(*content.ServerAhead, boot, wall)
	}
	return clock
}

// keep puts an inbox into the content of a file, and by how much the server's clock is ahead of the wall clock.
func (content *saved) keep(inbox *Inbox, serverAhead time.Duration) error {
	content.ServerAhead = &serverAhead
	content.ResumeToken, content.FeedEpoch = inbox.Token, inbox.Epoch
	content.Revision, content.UnreadCount = inbox.Revision, inbox.Unread
	content.Rows = nil
	for _, row := range newestFirst(inbox.Rows) {
		text, err := protojson.Marshal(row)
		if err != nil {
			return err
		}
		content.Rows = append(content.Rows, text)
	}
	return nil
}
