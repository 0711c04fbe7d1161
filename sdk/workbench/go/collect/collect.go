// Package collect runs Go's garbage collector between two calls of the host, and never in one.
//
// Left to itself the collector starts wherever memory is allocated, also where the host asks the
// plugin for memory to put an argument or an answer in. There a component may call nothing, but
// the collector asks for the time: a trap. So its automatic start is off, and each exported
// function begins with a call to Begin.
package collect

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// Calls between two looks at how much was allocated.
	stride = 16
	// Allocated since the last collection, in bytes: then it is time for another.
	enough = 4 << 20
)

var (
	calls  int
	before uint64
	sample = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
)

func init() { debug.SetGCPercent(-1) }

// Begin is called at the start of each exported function. What the host has put into memory for it
// is pinned and stays.
func Begin() {
	calls++
	if calls%stride != 0 {
		return
	}
	metrics.Read(sample)
	if allocated := sample[0].Value.Uint64(); allocated-before >= enough {
		runtime.GC()
		before = allocated
	}
}
