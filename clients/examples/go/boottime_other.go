//go:build !linux

package main

import "time"

// bootTime is the wall clock, which goes on while the machine is suspended. A jump of it looks like a freeze, which
// costs no more than a stream.
func bootTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
