//go:build unix

package server

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock takes the file beside the database that a server holds for as long as it works on it. The kernel lets go of it
// when the process dies, however it dies.
func lock(database string) (unlock func() error, err error) {
	path := database + ".lock"
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("claim the database: %w; fix: make %s a folder that the user that runs mayfly can write to", err, filepath.Dir(path))
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		file.Close()
		return nil, &InUseError{Database: database, Holder: string(holder)}
	}
	if err := file.Truncate(0); err == nil {
		fmt.Fprintf(file, "%d", os.Getpid())
	}
	return file.Close, nil
}
