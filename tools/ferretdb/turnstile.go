package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
)

// turnstile passes one command at a time, whichever connection it came by.
//
// A MongoDB server makes every step on a single document atomic. FerretDB reads the document, changes it and writes it
// back, and two that do so at once both win. Behind the turnstile no two are ever at it at once.
type turnstile struct {
	socket  string // where FerretDB listens
	most    int64  // clients at once
	clients atomic.Int64
	passing sync.Mutex
}

func (t *turnstile) serve(l net.Listener) error {
	for {
		client, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer client.Close()
			defer t.clients.Add(-1)
			if t.clients.Add(1) > t.most {
				return
			}
			if err := t.attend(client); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				slog.Debug("a connection ended", "error", err)
			}
		}()
	}
}

// attend passes the commands of one client on, over a connection to FerretDB that is its own.
func (t *turnstile) attend(client net.Conn) error {
	database, err := net.Dial("unix", t.socket)
	if err != nil {
		return err
	}
	defer database.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return err
		}
		answer, err := t.pass(database, request)
		if err != nil {
			return err
		}
		if _, err := client.Write(answer); err != nil {
			return err
		}
	}
}

// pass gives one command to FerretDB and returns what it answers. What changes nothing and asks about nothing that
// changes need not wait: a client looks after its connections by it.
func (t *turnstile) pass(database net.Conn, request message) (answer message, err error) {
	switch request.command() {
	case "hello", "ismaster", "isMaster", "ping":
	default:
		t.passing.Lock()
		defer t.passing.Unlock()
	}
	request, fields, err := request.withoutFields()
	if err != nil {
		return nil, err
	}
	if _, err := database.Write(request); err != nil {
		return nil, err
	}
	if answer, err = readMessage(database); err != nil || fields == nil {
		return answer, err
	}
	return answer.withFields(fields)
}
