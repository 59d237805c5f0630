package main

import "time"

// tick is how often a device looks at the clock, and late by how much a look may be late before the process counts
// as frozen: by the system, by a signal, or with the whole machine.
const (
	tick = time.Second
	late = 10 * time.Second
)

// Watchdog sees that the process stood still.
type Watchdog struct {
	clock func() time.Duration // since the boot of the machine, suspension included
	last  time.Duration
}

// Look returns whether the process stood still since the last look. Look at each tick, and before each message is
// applied: after a freeze nobody knows what comes first.
func (dog *Watchdog) Look() bool {
	before := dog.last
	dog.last = dog.clock()
	return before != 0 && dog.last-before > tick+late
}

// Begin begins anew, where nobody has looked for a while.
func (dog *Watchdog) Begin() { dog.last = dog.clock() }
