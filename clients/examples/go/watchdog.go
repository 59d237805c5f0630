package main

import "time"

// tick is how often a device looks at the clock, and late how much between two looks means that the process stood
// still: stopped, frozen by its system, or asleep with its machine. After that a stream has lastWords to say how it
// ended meanwhile.
const (
	tick      = 2 * time.Second
	late      = 10 * time.Second
	lastWords = time.Second / 2
)

// Watchdog sees that the process stood still.
type Watchdog struct {
	clock func() time.Duration // since the boot of the machine, sleep included
	last  time.Duration
}

// Look returns whether the process stood still since the last look.
func (dog *Watchdog) Look() bool {
	before := dog.last
	dog.last = dog.clock()
	return dog.last-before > late
}

// wallTime is the time that the machine believes in, since 1970.
func wallTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
