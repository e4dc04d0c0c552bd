package main

import (
	"runtime"
	"syscall"
)

// lowerPriority gives the calling goroutine a thread of its own that has the lowest priority. A thread never rises again:
// it ends with the goroutine.
func lowerPriority() {
	runtime.LockOSThread()
	const lowest = 19
	// Where even that is forbidden the work is done all the same.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), lowest)
}
