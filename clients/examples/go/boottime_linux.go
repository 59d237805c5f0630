package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is how long the machine has run, with the time that it was suspended.
func bootTime() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(now.Nano())
}
