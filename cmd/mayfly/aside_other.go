//go:build !linux

package main

// aside is for systems on which a thread has no priority of its own: work is done where it is asked for.
func aside(int) (run func(work func()), stop func()) { return nil, func() {} }
