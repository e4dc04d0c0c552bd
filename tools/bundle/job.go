package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// job is one folder of sources and the folder of the bundles made from them.
type job struct {
	root     string
	from, to string // below root, with slashes
}

// bundles returns the bundles by file name.
func (j job) bundles() (map[string][]byte, error) {
	sources, err := filepath.Glob(filepath.Join(j.root, j.from, "*.ts"))
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, source := range sources {
		name := filepath.Base(source)
		bundle, err := build(j.root, path.Join(j.from, name))
		if err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(name, ".ts")+".js"] = bundle
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no *.ts to bundle", filepath.Join(j.root, j.from))
	}
	return all, nil
}

// orphans are bundles whose source is gone.
func (j job) orphans(have map[string][]byte) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(j.root, j.to, "*.js"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if _, ok := have[filepath.Base(file)]; !ok && bytes.HasPrefix(raw, []byte(made)) {
			found = append(found, file)
		}
	}
	return found, nil
}

func (j job) write() error {
	all, err := j.bundles()
	if err != nil {
		return err
	}
	orphans, err := j.orphans(all)
	if err != nil {
		return err
	}
	for _, file := range orphans {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for name, bundle := range all {
		if err := os.WriteFile(filepath.Join(j.root, j.to, name), bundle, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check says which files are not what write would leave behind.
func (j job) check() error {
	all, err := j.bundles()
	if err != nil {
		return err
	}
	orphans, err := j.orphans(all)
	if err != nil {
		return err
	}
	var stale []error
	for _, file := range orphans {
		stale = append(stale, fmt.Errorf("%s has no source any more: run `make generate`", file))
	}
	for name, bundle := range all {
		file := filepath.Join(j.root, j.to, name)
		raw, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(raw, bundle) {
			stale = append(stale, fmt.Errorf("%s is not what its source makes: run `make generate`", file))
		}
	}
	return errors.Join(stale...)
}
