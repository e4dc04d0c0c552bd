package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// userColumns are the fields of a user in the order of an export.
var userColumns = []string{
	"id", "email", "email_verified", "username", "name", "password_hash", "roles", "metadata", "created_at", "disabled_at",
}

// metadataMember begins a field that is a member of the metadata.
const metadataMember = "metadata."

// renames says which field a column is, "" for none.
type renames map[string]string

func parseRenames(texts []string) (renames, error) {
	all := renames{}
	for _, text := range texts {
		column, field, found := strings.Cut(text, "=")
		switch {
		case !found || column == "":
			return nil, fmt.Errorf("--map %s does not say what is what; fix: write COLUMN=FIELD, such as mail=email", text)
		case field != "" && !isField(field):
			return nil, fmt.Errorf("--map %s: there is no field %q; fix: use one of %s, or metadata.NAME", text, field, strings.Join(userColumns, ", "))
		}
		all[column] = field
	}
	return all, nil
}

func isField(name string) bool {
	return slices.Contains(userColumns, name) || (strings.HasPrefix(name, metadataMember) && name != metadataMember)
}

// of returns the field that a column is, and whether it is any.
func (r renames) of(column string) (field string, known bool) {
	if field, renamed := r[column]; renamed {
		return field, true
	}
	return column, slices.Contains(userColumns, column)
}

// put sets a field to what a text says. The error is a *lineError, and never repeats the text.
func (u *importedUser) put(field, text string) (err error) {
	switch field {
	case "":
	case "email":
		u.Email = text
	case "username":
		u.Username = text
	case "name":
		u.Name = text
	case "password_hash":
		u.PasswordHash = strings.TrimSpace(text)
	case "roles":
		u.Roles = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	case "metadata":
		return u.putMetadata(text)
	default:
		if member, ok := strings.CutPrefix(field, metadataMember); ok {
			return u.addMetadata(member, text)
		}
		return u.putTyped(field, strings.TrimSpace(text))
	}
	return nil
}

// putTyped sets what is no text. An empty one is as good as none.
func (u *importedUser) putTyped(field, text string) (err error) {
	if text == "" {
		return nil
	}
	switch field {
	case "id":
		u.ID, err = uuid.Parse(text)
	case "email_verified":
		u.EmailVerified, err = strconv.ParseBool(strings.ToLower(text))
	case "created_at":
		u.CreatedAt, err = parseMoment(text)
	case "disabled_at":
		u.DisabledAt, err = parseMoment(text)
	}
	if err != nil {
		return &lineError{fmt.Sprintf("its %s cannot be read; fix: %s", field, spelling[field])}
	}
	return nil
}

// spelling says how a field is written.
var spelling = map[string]string{
	"id":             "give a UUID, leave it empty for a new one, or keep the old id with --map id=metadata.old_id",
	"email_verified": "write true or false",
	"created_at":     "write it as in 2026-03-01T12:00:00Z",
	"disabled_at":    "write it as in 2026-03-01T12:00:00Z",
	"metadata":       `write a JSON object, such as {"plan":"pro"}`,
}

func parseMoment(text string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err = time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("no moment")
}

// putMetadata takes the whole of the metadata, beside what single columns have added.
func (u *importedUser) putMetadata(text string) error {
	text = strings.TrimSpace(text)
	if text == "" || len(u.Metadata) == 0 {
		if text != "" {
			u.Metadata = jsontext.Value(text)
		}
		return nil
	}
	added := map[string]jsontext.Value{}
	if err := json.Unmarshal(u.Metadata, &added); err != nil {
		return &lineError{"its metadata cannot be read; fix: " + spelling["metadata"]}
	}
	u.Metadata = jsontext.Value(text)
	for member, value := range added {
		if err := u.addMember(member, value); err != nil {
			return err
		}
	}
	return nil
}

func (u *importedUser) addMetadata(member, text string) error {
	if text == "" {
		return nil
	}
	value, err := json.Marshal(text)
	if err != nil {
		return &lineError{"its " + metadataMember + member + " is not valid text; fix: send it as UTF-8"}
	}
	return u.addMember(member, value)
}

// addMember adds a member to the metadata.
func (u *importedUser) addMember(member string, value jsontext.Value) error {
	all := map[string]jsontext.Value{}
	if len(u.Metadata) > 0 {
		if err := json.Unmarshal(u.Metadata, &all); err != nil {
			return &lineError{"its metadata cannot be read; fix: " + spelling["metadata"]}
		}
	}
	all[member] = value
	merged, err := json.Marshal(all, json.Deterministic(true))
	u.Metadata = merged
	return err
}
