// Package freeport gives tests a port for a server of theirs that starts in a moment, and may be stopped and started
// again: one that nobody is given in the meantime.
//
// Asking the kernel for just any port and closing it again is not enough. It hands the same one to the next who asks, in
// this process or another, and to any connection that is made from here; a client then reaches somebody else's server,
// which is ready and knows nobody. The ports here lie below those that kernels give out by themselves.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// Linux gives out ports by itself from 32768 on (net.ipv4.ip_local_port_range), others from 49152.
const (
	first = 12_000
	count = 20_000
)

// turn begins anywhere, since many test programs run at the same time, and goes on, so that none gives a port twice.
var turn atomic.Int64

func init() { turn.Store(rand.Int64N(count)) }

// Take returns the number of a port of 127.0.0.1 on which nobody listens.
func Take() (int, error) {
	for range count {
		port := first + int(turn.Add(1)%count)
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("somebody listens on every port from " + strconv.Itoa(first) + " on")
}
