package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/mayfly-auth/mayfly/server"
)

// defaultFile is read where it exists and no other is named.
const defaultFile = "mayfly.toml"

// value is a setting as text, and where it came from, in words for a complaint.
type value struct{ text, source string }

// load gathers all settings into a Config. Every fault is reported at once, as *server.SettingError joined.
func (s *settings) load(log *slog.Logger) (server.Config, error) {
	values, faults := s.gather()
	c := server.Config{Log: log}
	for _, one := range allSettings() {
		v, ok := values[one.name]
		if !ok {
			continue
		}
		if err := one.put(&c, v.text); err != nil {
			detail := err.Error()
			if one.secret {
				detail = "it cannot be read"
			}
			faults = append(faults, &server.SettingError{
				Setting: one.name, Detail: detail + " (" + v.source + ")", Fix: "see `mayfly serve --help`; durations are written 30s, 10m, 12h, 30d",
			})
		}
	}
	s.fromPort(&c)
	if err := c.Check(); err != nil {
		for _, fault := range settingFaults(err) {
			faults = append(faults, fault)
		}
	}
	return c, errors.Join(faults...)
}

// gather finds the value of each setting: a flag before a variable before the file.
func (s *settings) gather() (map[string]value, []error) {
	file, faults := s.readFile()
	values := map[string]value{}
	known := map[string]bool{"MAYFLY_CONFIG": true}
	for _, one := range allSettings() {
		name := variable(one.name)
		known[name], known[name+"_FILE"] = true, one.secret
		v, ok, err := s.lookup(one, file)
		if err != nil {
			faults = append(faults, err)
		}
		if ok {
			values[one.name] = v
		}
		delete(file, one.name)
	}
	s.fromExpress(values)
	for name := range file {
		faults = append(faults, unknown(name, "the file has no setting of this name", settingNames(), ""))
	}
	for name := range s.env {
		if strings.HasPrefix(name, "MAYFLY_") && !strings.HasPrefix(name, "MAYFLY_TEST_") && !known[name] {
			faults = append(faults, unknown(name, "there is no setting for this variable", settingNames(), "MAYFLY_"))
		}
	}
	sort.Slice(faults, func(i, j int) bool { return faults[i].Error() < faults[j].Error() })
	return values, faults
}

func (s *settings) lookup(one setting, file map[string]string) (value, bool, error) {
	for _, flag := range s.flags[one.name] {
		if flag.Changed {
			return value{flag.Value.String(), "flag --" + dashed(one.name)}, true, nil
		}
	}
	name := variable(one.name)
	if text := s.env[name]; text != "" {
		return value{text, "variable " + name}, true, nil
	}
	if path := s.env[name+"_FILE"]; one.secret && path != "" {
		text, err := readSecretFile(path)
		if err != nil {
			return value{}, false, &server.SettingError{
				Setting: name + "_FILE", Detail: err.Error(), Fix: "name a file that this user can read",
			}
		}
		return value{strings.ReplaceAll(text, "\n", ","), "file of " + name + "_FILE"}, true, nil
	}
	if text := s.env[one.bare]; one.bare != "" && text != "" {
		return value{text, "variable " + one.bare}, true, nil
	}
	text, ok := file[one.name]
	return value{text, "file"}, ok, nil
}

// fromExpress reads the variables of the usual Express app where nothing else was said.
func (s *settings) fromExpress(values map[string]value) {
	if values["preset"].text != "express" && values["signing_alg"].text != "HS256" {
		return
	}
	for name, bare := range expressNames {
		if _, set := values[name]; !set && s.env[bare] != "" {
			values[name] = value{s.env[bare], "variable " + bare}
		}
	}
}

// fromPort takes the bare PORT of many hosts, and makes the public URL of a first try follow the port.
func (s *settings) fromPort(c *server.Config) {
	if port := s.env["PORT"]; port != "" && c.Listen == "" {
		c.Listen = ":" + port
	}
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && c.PublicURL == "" && port != "" {
		c.PublicURL = "http://localhost:" + port
	}
}

// readFile returns the settings of the TOML file as text, the way a variable would hold them.
func (s *settings) readFile() (map[string]string, []error) {
	path, named := s.file, true
	if path == "" {
		path = s.env["MAYFLY_CONFIG"]
	}
	if path == "" {
		path, named = defaultFile, false
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	var tree map[string]any
	if err == nil {
		_, err = toml.Decode(string(raw), &tree)
	}
	if err != nil {
		return nil, []error{&server.SettingError{Setting: "config", Detail: err.Error(), Fix: "name a readable TOML file with --config"}}
	}
	values, faults := map[string]string{}, []error{}
	for name, v := range tree {
		text, ok := asText(v)
		if !ok {
			faults = append(faults, &server.SettingError{Setting: name, Detail: "the file gives it a value of the wrong kind", Fix: "write a string, a number, true, false, or a list of strings"})
		}
		values[name] = text
	}
	return values, faults
}

// asText writes a TOML value the way a variable would hold it.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool, int64:
		return fmt.Sprint(v), true
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			text, ok := part.(string)
			if !ok {
				return "", false
			}
			parts[i] = text
		}
		return strings.Join(parts, ","), true
	case map[string]any: // [claims] _id = "sub"
		parts := make([]string, 0, len(v))
		for name, source := range v {
			text, ok := source.(string)
			if !ok {
				return "", false
			}
			parts = append(parts, name+"="+text)
		}
		slices.Sort(parts)
		return strings.Join(parts, ","), true
	}
	return "", false
}

func settingNames() []string {
	all := allSettings()
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.name
	}
	return names
}

// unknown complains of a name that nothing has, with the nearest one that something has.
func unknown(name, detail string, names []string, prefix string) error {
	fix := "remove it; `mayfly serve --help` lists the settings"
	short := strings.ToLower(strings.TrimPrefix(name, prefix))
	for _, candidate := range names {
		if distance(short, candidate) <= 2 {
			if prefix != "" {
				candidate = prefix + strings.ToUpper(candidate)
			}
			fix = "did you mean " + candidate + "?"
			break
		}
	}
	return &server.SettingError{Setting: name, Detail: detail, Fix: fix}
}

// distance is how many letters must be changed, added or taken away to make one word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
