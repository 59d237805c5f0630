package main

import (
	"context"
	"errors"
	"slices"
	"time"

	pb "unisono/v1"
)

// Device comes back after every stream, until it must not. One goroutine, that of Run, has all of its fields.
type Device struct {
	Server    *Server
	Store     Store
	Printer   Printer
	Platform  pb.DevicePlatform
	Heartbeat time.Duration // how long the server may be silent; 0: as it likes
	Commands  <-chan Command

	content  *saved // what is in the file
	inbox    *Inbox
	clock    ServerClock
	outbox   Outbox
	watchdog Watchdog
	shown    []toldRow // what a person was told last
	badge    int64
}

// Load brings back what an earlier process saved.
func (device *Device) Load(endpointID string) (err error) {
	device.watchdog = Watchdog{bootTime, bootTime()}
	if device.content, err = device.Store.Load(); err != nil {
		return err
	}
	if device.content.EndpointID == "" {
		device.content.EndpointID = endpointID
	}
	if device.inbox, err = device.content.inbox(); err != nil {
		return err
	}
	device.clock = device.content.clock(bootTime(), wallTime())
	device.outbox = Outbox{device.content.Marks}
	return nil
}

// Run keeps a stream open until the context ends, the device must not come back, or nothing can be saved.
func (device *Device) Run(ctx context.Context) error {
	var failures Failures
	for {
		stream, began := stream{Device: device}, time.Now()
		err := stream.run(ctx)
		var failed *storeError
		if ctx.Err() != nil || errors.As(err, &failed) {
			return err
		}
		recovery := planRecovery(stream.goodbye, err)
		if device.Server.isFixed() {
			recovery.Stop = recovery.Stop || recovery.Reason == "TOKEN_EXPIRED"
			recovery.NewToken = false
		}
		failures = failures.after(stream.synced, time.Since(began), recovery)
		delay := failures.delay(recovery)
		device.Printer.Ended(err, recovery, delay)
		if err := device.recover(recovery); err != nil {
			return err
		}
		if err := device.wait(ctx, delay); err != nil {
			return err
		}
	}
}

// recover does what has to be done before the next stream. An error ends the device.
func (device *Device) recover(recovery Recovery) error {
	if recovery.Rewind {
		if err := device.rewind(); err != nil {
			return err
		}
	}
	if recovery.NewToken {
		device.Server.access = ""
	}
	if recovery.Anew {
		device.inbox.Token = nil
	}
	if recovery.Discard {
		if err := device.discard(); err != nil {
			return err
		}
	}
	if recovery.Stop {
		return errors.New("not to come back by itself after " + recovery.Reason)
	}
	return nil
}

// wait takes marks while there is no stream. A process that stood still has waited long enough.
func (device *Device) wait(ctx context.Context, delay time.Duration) error {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	device.watchdog.Look()
	for over := time.After(delay); ; {
		select {
		case <-ticks.C:
			if device.watchdog.Look() {
				return nil
			}
			device.show()
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			return nil
		case command := <-device.Commands:
			if err := device.mark(command); err != nil {
				return err
			}
		}
	}
}

// Command is what a person does with a notification.
type Command struct {
	ID    string
	Asked State
}

// mark saves a mark, which counts from then on; it is sent when there is a stream that is complete.
func (device *Device) mark(command Command) error {
	row := device.inbox.Rows[command.ID]
	if row == nil {
		device.Printer.Refused(command.ID, "there is no such notification")
		return nil
	}
	device.outbox.Put(row, command.Asked, device.inbox.Revision)
	if err := device.save(); err != nil {
		return err
	}
	device.show()
	return nil
}

// show tells what a person is to see, where that has changed: by a message, a mark, or the time.
func (device *Device) show() {
	rows, badge := device.inbox.Shown(&device.outbox, device.clock.Now(bootTime(), wallTime()))
	if shown := told(rows); badge != device.badge || !slices.Equal(shown, device.shown) {
		device.shown, device.badge = shown, badge
		device.Printer.Shown(shown, badge)
	}
}

// discard forgets everything of a user who was deleted.
func (device *Device) discard() error {
	device.inbox.Forget()
	device.outbox = Outbox{}
	return device.keep()
}

// rewind goes back to the last complete point that was saved.
func (device *Device) rewind() (err error) {
	device.inbox, err = device.content.inbox()
	return err
}

// keep saves what is held: at complete points only.
func (device *Device) keep() error {
	ahead := device.clock.AheadOfWall(bootTime(), wallTime())
	if err := device.content.keep(device.inbox, ahead); err != nil {
		return &storeError{err}
	}
	return device.save()
}

// serverTime is what the server's clock shows.
func (device *Device) serverTime() time.Time { return device.clock.Now(bootTime(), wallTime()) }

// save writes the last complete point, with the marks as they are now.
func (device *Device) save() error {
	device.content.Marks = device.outbox.Marks
	if err := device.Store.Save(device.content); err != nil {
		return &storeError{err}
	}
	return nil
}

type storeError struct{ error }
