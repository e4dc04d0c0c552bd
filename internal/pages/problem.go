package pages

import (
	"errors"
	"net/http"
	"slices"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/door"
)

// problem is the summary above a form that came back.
type problem struct {
	Heading string
	Lines   []line
}

// line is one thing that is wrong. Field is the id of the field it is about, "" when it is about none.
type line struct{ Field, Text, Fix string }

// refuse notes on the form what err says and returns the status to send it back with. The words are those of the JSON
// door, except where those tell a program what to do.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, f *form, err error) int {
	told := p.Door.Explain(w, r, err)
	f.Problem = &problem{Heading: f.Refused}
	for _, fault := range f.faults(told, err) {
		one := f.field(fault.Field)
		if one == nil {
			f.Problem.Lines = append(f.Problem.Lines, line{Text: fault.Detail, Fix: fault.Fix})
			continue
		}
		one.Faults = append(one.Faults, fault)
		f.Problem.Lines = append(f.Problem.Lines, line{Field: one.ID(), Text: fault.Detail})
	}
	if len(f.Problem.Lines) == 0 {
		f.Problem.Lines = []line{{Text: told.Detail, Fix: fixForPeople(told)}}
	}
	if errors.Is(err, account.ErrCredentials) && f.field("identifier") != nil {
		// Which of the two is wrong is nobody's business (STD-96), so both are marked and share the words above.
		for i := range f.Fields {
			f.Fields[i].Invalid = true
		}
		f.Problem.Lines[0].Field = f.field("identifier").ID()
	}
	return told.Status
}

// faults returns what is wrong with single fields, all of it at once.
func (f *form) faults(told door.Problem, err error) []door.FieldFault {
	faults := slices.Clone(told.Errors)
	if len(faults) == 1 { // then the sentence for the whole is about this field, and says more
		faults[0].Detail, faults[0].Fix = told.Detail, told.Fix
	}
	var weak *credential.WeakError
	if errors.As(err, &weak) { // one that came together with bad fields is not what the error was named after
		if i := slices.IndexFunc(f.Fields, field.New); i >= 0 {
			name := f.Fields[i].Name
			faults = slices.DeleteFunc(faults, func(one door.FieldFault) bool { return one.Field == name || one.Field == "password" })
			faults = append(faults, door.FieldFault{Field: name, Detail: weak.Detail, Fix: weak.Fix})
		}
	}
	if errors.Is(err, account.ErrCredentials) && f.field(currentPassword) != nil {
		faults = append(faults, door.FieldFault{Field: currentPassword, Detail: "The current password is wrong.", Fix: "Type it again."})
	}
	for i := range faults {
		if faults[i].Field == currentPassword && told.Status == http.StatusUnprocessableEntity {
			faults[i].Fix = "Type your current password."
		}
	}
	return faults
}

// currentPassword is the field with which people prove once more who they are.
const currentPassword = "current_password"

// fixForPeople replaces what a program is told to do.
func fixForPeople(p door.Problem) string {
	switch p.Code {
	case "too_many_attempts":
		return "Try again in " + inWords(p.RetryAfter()) + "."
	case "unavailable":
		return "Nothing you typed is lost. Try again in a moment."
	case "internal":
		return "Try again. If it stays, tell the operator this number: " + p.RequestID + "."
	case "cross_origin_refused":
		return "Open the page again and send the form from there."
	}
	return p.Fix
}

// fail answers with a page of its own, for failures that belong to no form.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	if !wantsHTML(r) {
		p.Door.Fail(w, r, err)
		return
	}
	told := p.Door.Explain(w, r, err)
	content := failure{Status: told.Status, Detail: told.Detail, Fix: fixForPeople(told)}
	if told.Status == http.StatusNotFound {
		content.Detail, content.Fix = "There is no page at this address.", "It may have moved, or the link was cut short."
	}
	heading := "That did not work"
	switch told.Status {
	case http.StatusNotFound:
		heading = "This one has flown"
	case http.StatusServiceUnavailable:
		heading = "Back in a moment"
	}
	if err := p.show(w, told.Status, "error", page{Title: heading, Content: content}); err != nil {
		p.Door.Fail(w, r, err)
	}
}

// failure is the content of the error page.
type failure struct {
	Status      int
	Detail, Fix string
}
