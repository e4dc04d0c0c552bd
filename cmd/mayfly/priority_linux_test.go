package main

import (
	"syscall"
	"testing"
)

func TestWorkIsDoneOnThreadsOfTheLowestPriority(t *testing.T) {
	c := newCrew()
	dismiss := c.hire(2, func() bool { return false })
	defer dismiss()
	for range 10 {
		c.do(func() {
			// The system call counts down from 20.
			if priority, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid()); err != nil || priority != 20-19 {
				t.Errorf("priority %d, %v", priority, err)
			}
		})
	}
	if priority, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid()); err != nil || priority != 20 {
		t.Errorf("somebody else's thread has priority %d, %v", priority, err)
	}
}
