package mayfly

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Storage keeps the refresh token of a [Transport]. Several programs may share one: a Transport reads it again right
// before every refresh and leaves it alone if another wrote to it meanwhile.
//
// Whoever reads a refresh token is signed in, so keep it where only its owner can. An implementation returns when the
// context ends and is safe for use by many goroutines.
type Storage interface {
	// Load returns the refresh token, "" if there is none.
	Load(ctx context.Context) (refreshToken string, err error)
	// Save replaces it; "" removes it. What it has saved survives a crash, if anything is to.
	Save(ctx context.Context, refreshToken string) error
}

// MemoryStorage keeps the refresh token until the program ends. Its zero value is empty and ready.
type MemoryStorage struct {
	mu    sync.Mutex
	token string
}

// Load implements [Storage].
func (s *MemoryStorage) Load(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, nil
}

// Save implements [Storage].
func (s *MemoryStorage) Save(_ context.Context, refreshToken string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = refreshToken
	return nil
}

// FileStorage keeps the refresh token in the file at Path, which only its owner can read. The file is replaced as a
// whole: a crash or a full disk leaves the old token or the new one, never half of one.
type FileStorage struct {
	Path string
}

// Load implements [Storage]. A file that others can read is refused, as a private key of SSH would be.
func (s FileStorage) Load(context.Context) (string, error) {
	info, err := os.Stat(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("load refresh token: %w", err)
	}
	if others := info.Mode().Perm() & 0o077; others != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("load refresh token: %s can be read by others: sign in again, after `chmod 600 %s`", s.Path, s.Path)
	}
	text, err := os.ReadFile(s.Path)
	if errors.Is(err, fs.ErrNotExist) { // signed out since the line above
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("load refresh token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// Save implements [Storage]. It makes the folder if there is none, for its owner alone.
func (s FileStorage) Save(_ context.Context, refreshToken string) error {
	if refreshToken == "" {
		if err := os.Remove(s.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove refresh token: %w", err)
		}
		return nil
	}
	folder := filepath.Dir(s.Path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("save refresh token: %w", err)
	}
	if err := s.replace(folder, refreshToken); err != nil {
		return fmt.Errorf("save refresh token: %w", err)
	}
	return nil
}

func (s FileStorage) replace(folder, refreshToken string) (err error) {
	f, err := os.CreateTemp(folder, "."+filepath.Base(s.Path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(refreshToken + "\n")
	if err == nil {
		err = f.Sync() // or the rename may reach the disk before the text does
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), s.Path)
}
