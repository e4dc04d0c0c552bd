package pages

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// form is one form of a page: what it asks for, what was typed, and what was wrong with it.
type form struct {
	ID      string
	Action  string            // a path under the base
	Hidden  map[string]string // sent along unseen
	Fields  []field
	Submit  string
	Refused string // the first words when the form comes back: "Your account was not created."
	Problem *problem
	Danger  bool
	// Username tells a password manager whose passwords these are. It is not read.
	Username string
}

// field is one line to type into.
type field struct {
	Name         string // as in JSON
	Label        string
	Hint         string
	Autocomplete string
	Email        bool   // for the keyboard of a phone
	Secret       bool   // a password: never sent back to the browser
	Optional     bool   // said beside the label
	Required     string // what to say when it is empty; "" when the use case has its own words
	Value        string
	Faults       []door.FieldFault
	Invalid      bool // marked as wrong without words of its own
	form         string
}

// ID is unique on the page, also where several forms ask for the current password.
func (f field) ID() string { return f.form + "-" + f.Name }

// DescribedBy names the texts that belong to the field, the fault before the hint (aria-describedby).
func (f field) DescribedBy() string {
	var ids []string
	switch {
	case len(f.Faults) > 0:
		ids = append(ids, f.ID()+"-fault")
	case f.Invalid:
		ids = append(ids, f.form+"-problem")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	return strings.Join(ids, " ")
}

// New reports whether the field asks for a password that does not exist yet.
func (f field) New() bool { return f.Autocomplete == "new-password" }

// Bad reports whether the field must be corrected.
func (f field) Bad() bool { return f.Invalid || len(f.Faults) > 0 }

func newForm(f form, fields ...field) *form {
	for i := range fields {
		fields[i].form = f.ID
	}
	f.Fields = fields
	return &f
}

// read takes what was typed. Names it does not know are ignored, and what is missing is reported all at once.
func (f *form) read(r *http.Request) error {
	posted, err := readPost(r)
	if err != nil {
		return err
	}
	for i := range f.Fields {
		if f.Fields[i].Value, err = posted.one(f.Fields[i].Name); err != nil {
			return err
		}
	}
	for name := range f.Hidden {
		if f.Hidden[name], err = posted.one(name); err != nil {
			return err
		}
	}
	return nil
}

// complete reports every required field that is empty.
func (f *form) complete() error {
	var faults []door.FieldFault
	for _, one := range f.Fields {
		if one.Required != "" && strings.TrimSpace(one.Value) == "" {
			faults = append(faults, door.FieldFault{Field: one.Name, Detail: one.Required})
		}
	}
	if len(faults) > 0 {
		return &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: faults}
	}
	return nil
}

func (f *form) value(name string) string {
	for _, one := range f.Fields {
		if one.Name == name {
			return one.Value
		}
	}
	return f.Hidden[name]
}

func (f *form) field(name string) *field {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return &f.Fields[i]
		}
	}
	return nil
}

// post is the body of a form.
type post struct{ url.Values }

// readPost reads a body of at most longestBody. The query of the address is no part of it: a link could otherwise
// fill in a form.
func readPost(r *http.Request) (post, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return post{}, bodyError(http.StatusUnsupportedMediaType, "This address takes what its form sends, and nothing else.",
			"Programs use the JSON API under /v1.")
	}
	var tooLarge *http.MaxBytesError
	switch err := r.ParseForm(); {
	case errors.As(err, &tooLarge):
		return post{}, bodyError(http.StatusRequestEntityTooLarge, "The form is larger than 64 KiB.", "Type less.")
	case err != nil:
		return post{}, bodyError(http.StatusBadRequest, "The form did not arrive whole.", "Send it again.")
	}
	return post{r.PostForm}, nil
}

// one returns the only value of a name. Two are refused: which of them counts would be luck (STD-44).
func (p post) one(name string) (string, error) {
	if len(p.Values[name]) > 1 {
		return "", &door.RequestError{Status: http.StatusBadRequest, Faults: []door.FieldFault{{
			Field: name, Detail: "The field `" + name + "` was sent more than once.", Fix: "Send the form again from its page.",
		}}}
	}
	return p.Get(name), nil
}

func bodyError(status int, detail, fix string) error {
	return &door.RequestError{Status: status, Faults: []door.FieldFault{{Field: "body", Detail: detail, Fix: fix}}}
}
