package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/secret"
)

// InUseError says that another server works on the database.
type InUseError struct {
	Database string
	Holder   string // the process id it left, if any
}

func (e *InUseError) Error() string {
	who := "another mayfly"
	if e.Holder != "" {
		who += " (process " + e.Holder + ")"
	}
	return fmt.Sprintf("the database %s is in use by %s; fix: stop that one, or give this one a folder of its own with --data", e.Database, who)
}

// claim makes the data folder and takes the database for this process, if it is one that cannot be shared.
func claim(set settings) (unlock func() error, err error) {
	if err := set.makeFolder(); err != nil {
		return nil, err
	}
	return set.database.claim()
}

// makeFolder makes the data folder if the database lies in it.
func (s settings) makeFolder() error {
	if !s.database.own {
		return nil
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w; fix: name a folder that can be made with --data", err)
	}
	return nil
}

// secretFile holds the secret that was made for the data, beside it and never in it: a copy of the database alone can
// forge nothing.
const secretFile = "secret"

// secrets returns the server secrets: those of the settings, or, with the database in the data folder, those of the
// file, which is made at first start. The file may hold several, one on a line.
func (s settings) secrets() (secret.List, error) {
	if len(s.Secrets) > 0 {
		return secret.Parse(s.Secrets...)
	}
	if !s.database.own {
		return secret.List{}, errors.New("secret is not set and the database lies outside the data folder; " +
			"fix: set MAYFLY_SECRET (or MAYFLY_SECRET_FILE) to the output of `openssl rand -base64 32`, the same on every node")
	}
	path := filepath.Join(s.Data, secretFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(s.database.file); err == nil {
			return secret.List{}, fmt.Errorf("the database %s is there, but its secret %s is missing; fix: put the file back from "+
				"the backup, or set MAYFLY_SECRET; a new secret would sign everybody out", s.database.file, path)
		}
		if text, err = makeSecret(path); errors.Is(err, fs.ErrExist) { // somebody else was first
			text, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return secret.List{}, fmt.Errorf("read the secret: %w; fix: make %s readable for the user that runs mayfly", err, path)
	}
	list, err := secret.Parse(strings.Split(string(text), "\n")...)
	if err != nil {
		return secret.List{}, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// makeSecret writes a new secret so that a crash leaves either the whole file or none: half a secret would sign tokens
// that the whole one does not know.
func makeSecret(path string) ([]byte, error) {
	text := []byte(secret.Generate() + "\n")
	file, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(file.Name(), path); err != nil { // unlike a rename, never replaces a secret that is there
		return nil, err
	}
	return text, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
