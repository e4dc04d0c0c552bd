//go:build !linux

package main

// lowerPriority is for systems on which a thread has no priority of its own.
func lowerPriority() {}
