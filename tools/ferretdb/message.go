package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// message is one message of the wire protocol: a header of 16 bytes (length, id, id answered to, opcode), and for
// OP_MSG four bytes of flags and sections, of which the one with the command is a zero byte and a document.
//
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
type message []byte

const (
	headerSize = 16
	bodyAt     = headerSize + 4 + 1 // in an OP_MSG
	mostBytes  = 48_000_000
	opMsg      = 2013
)

func readMessage(r io.Reader) (message, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < headerSize || n > mostBytes {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	m := make(message, n)
	copy(m, size[:])
	_, err := io.ReadFull(r, m[4:])
	return m, err
}

// body returns the document with the command or the answer, or nil: the greeting of a client is an older kind of message.
func (m message) body() bson.Raw {
	if len(m) <= bodyAt+4 || binary.LittleEndian.Uint32(m[12:]) != opMsg || m[bodyAt-1] != 0 {
		return nil
	}
	n := binary.LittleEndian.Uint32(m[bodyAt:])
	if uint64(n) > uint64(len(m)-bodyAt) {
		return nil
	}
	return bson.Raw(m[bodyAt : bodyAt+int(n)])
}

// withBody returns the message with another document in the place of its body.
func (m message) withBody(body any) (message, error) {
	document, err := bson.Marshal(body)
	if err != nil {
		return nil, err
	}
	rest := m[bodyAt+len(m.body()):]
	changed := append(append(append(message{}, m[:bodyAt]...), document...), rest...)
	binary.LittleEndian.PutUint32(changed, uint32(len(changed)))
	return changed, nil
}

// command returns the name of the command: the first member of the body.
func (m message) command() string {
	body := m.body()
	if body == nil {
		return "hello"
	}
	first, err := body.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

// withoutFields takes the projection out of a findAndModify: FerretDB has none there. The turnstile makes it instead.
func (m message) withoutFields() (message, bson.Raw, error) {
	if m.command() != "findAndModify" {
		return m, nil, nil
	}
	fields, ok := m.body().Lookup("fields").DocumentOK()
	if !ok {
		return m, nil, nil
	}
	var command, rest bson.D
	if err := bson.Unmarshal(m.body(), &command); err != nil {
		return nil, nil, err
	}
	for _, e := range command {
		if e.Key != "fields" {
			rest = append(rest, e)
		}
	}
	m, err := m.withBody(rest)
	return m, fields, err
}

// withFields keeps of the document in an answer to findAndModify what the projection names.
func (m message) withFields(fields bson.Raw) (message, error) {
	var answer bson.D
	if err := bson.Unmarshal(m.body(), &answer); err != nil {
		return nil, err
	}
	named, err := namesOf(fields)
	if err != nil {
		return nil, err
	}
	for i, e := range answer {
		if value, ok := e.Value.(bson.D); ok && e.Key == "value" {
			answer[i].Value = named.keep(value)
		}
	}
	return m.withBody(answer)
}

var errExclusion = errors.New("the turnstile knows projections that name what is kept, and no others")
