package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

func TestNoPortIsGivenTwiceOrTakenFromSomebody(t *testing.T) {
	given := map[int]bool{}
	for range 50 {
		port, err := freeport.Take()
		if err != nil {
			t.Fatal(err)
		}
		if given[port] || port >= 32_768 {
			t.Errorf("port %d is given twice, or one that the kernel gives too", port)
		}
		given[port] = true
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatalf("port %d is not free: %v", port, err)
		}
		defer listener.Close()
	}
}

func TestAPortThatSomebodyListensOnIsPassedOver(t *testing.T) {
	for {
		last, err := freeport.Take()
		if err != nil {
			t.Fatal(err)
		}
		taken, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(last+1))
		if err != nil {
			continue // another program was given it
		}
		defer taken.Close()
		if port, err := freeport.Take(); err != nil || port == last+1 {
			t.Errorf("port %d is given although somebody listens on it; %v", port, err)
		}
		return
	}
}
