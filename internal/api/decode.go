package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// form is the body of one request, read member by member. It collects what is wrong, so that done can name all of it
// at once.
type form struct {
	members map[string]jsontext.Value
	faults  []door.FieldFault
}

// readForm reads a JSON object. With optional true an empty body is an empty form.
func readForm(r *http.Request, optional bool) (*form, error) {
	if optional && r.ContentLength == 0 {
		return &form{}, nil
	}
	raw, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bodyError(http.StatusRequestEntityTooLarge, "The body is larger than 64 KiB.", "Send only the fields of this call.")
	case err != nil:
		return nil, bodyError(http.StatusBadRequest, "The body could not be read to its end.", "Send it again.")
	case len(raw) == 0 && optional:
		return &form{}, nil
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" { // STD-87
		return nil, bodyError(http.StatusUnsupportedMediaType, "The body is not declared as JSON.", "Send the header `Content-Type: application/json`.")
	}
	f := &form{}
	// Refuses duplicate members: two parsers that each pick another one are an attack (RFC 8259 section 4).
	if err := json.Unmarshal(raw, &f.members); err != nil || f.members == nil {
		return nil, bodyError(http.StatusBadRequest, "The body is not one JSON object without duplicate members.",
			"Send an object such as {\"identifier\": \"ada@example.com\"}.")
	}
	return f, nil
}

func bodyError(status int, detail, fix string) error {
	return &door.RequestError{Status: status, Faults: []door.FieldFault{{Field: "body", Detail: detail, Fix: fix}}}
}

// text takes a string member; a missing one is "" and a fault if it is required.
func (f *form) text(name string, required bool) string {
	value := f.optionalText(name)
	if value == nil {
		if required {
			f.fault(name, "The field `"+name+"` is missing.", "Add it, as a string.")
		}
		return ""
	}
	return *value
}

// optionalText takes a string member, nil if there is none.
func (f *form) optionalText(name string) *string {
	raw, ok := f.members[name]
	delete(f.members, name)
	if !ok {
		return nil
	}
	var value string
	if raw.Kind() != '"' || json.Unmarshal(raw, &value) != nil {
		f.fault(name, "The field `"+name+"` is not a string.", "Send a string.")
	}
	return &value
}

// choice takes a string member that must be one of the values; a missing one is the first.
func (f *form) choice(name string, values ...string) string {
	before := len(f.faults)
	value := f.optionalText(name)
	switch {
	case value == nil:
		return values[0]
	case len(f.faults) == before && !slices.Contains(values, *value):
		f.faults = append(f.faults, notOneOf(name, values))
	}
	return *value
}

// done says whether everything was as it should be: members that nobody took are faults too, for a misspelt name
// must not pass for an absent one.
func (f *form) done() error {
	for _, name := range sortedKeys(f.members) {
		f.fault(name, "The field `"+name+"` is not known here.", "Leave it out, or check its spelling.")
	}
	if len(f.faults) == 0 {
		return nil
	}
	return &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: f.faults}
}

func (f *form) fault(name, detail, fix string) {
	f.faults = append(f.faults, door.FieldFault{Field: name, Detail: detail, Fix: fix})
}

// query takes one parameter of the URL that must be one of the values; absent, it is the first. A repeated one is
// refused: which of the two counts would be luck (RFC 6749 section 3.1).
func query(r *http.Request, name string, values ...string) (string, error) {
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", &door.RequestError{Status: http.StatusBadRequest, Faults: []door.FieldFault{{
			Field: "query", Detail: "The query of the URL is malformed.", Fix: "Percent-encode its values.",
		}}}
	}
	given := all[name]
	switch {
	case len(given) == 0:
		return values[0], nil
	case len(given) > 1:
		return "", &door.RequestError{Status: http.StatusBadRequest, Faults: []door.FieldFault{{
			Field: name, Detail: "The parameter `" + name + "` is given more than once.", Fix: "Give it once.",
		}}}
	case !slices.Contains(values, given[0]):
		return "", &door.RequestError{Status: http.StatusBadRequest, Faults: []door.FieldFault{notOneOf(name, values)}}
	}
	return given[0], nil
}

func notOneOf(name string, values []string) door.FieldFault {
	list := ""
	for _, v := range values {
		if v != "" {
			list += " `" + v + "`"
		}
	}
	return door.FieldFault{Field: name, Detail: "The value of `" + name + "` is not one of those it may have.", Fix: "Use one of:" + list + "."}
}

func sortedKeys(m map[string]jsontext.Value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
