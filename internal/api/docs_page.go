package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/mayfly-auth/mayfly/internal/door"
)

//go:embed docs.html
var docsHTML string

// docsView is what the page shows.
type docsView struct {
	*document
	Base     string // the path of the public URL
	Groups   []docsGroup
	Problems []docsProblem
	Objects  []docsObject
	Window   string
	Idle     string
	Life     string
	Recovery bool
}

type docsGroup struct {
	Name, Description string
	Calls             []docsCall
}

// docsCall is one method of one path.
type docsCall struct {
	operation
	Method, Path string
	Credentials  []string
	Fields       []docsField
	Curl         string
	Answers      []docsAnswer
}

type docsField struct {
	Name, In, Type, Object string // Object is the name of the object that describes it further
	Required               bool
	Description            string
}

type docsAnswer struct {
	Status      string
	Good        bool
	Description string
	Codes       []string
	Object      string
	Sample      string
}

// docsProblem is one code with every cause it may have.
type docsProblem struct {
	Code     string
	Statuses []string
	Ends     bool // the session
	Causes   []door.Problem
}

type docsObject struct {
	Name   string
	Fields []docsField
}

func renderDocs(written []byte, c Config) ([]byte, error) {
	doc := &document{}
	if err := json.Unmarshal(written, doc); err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	page, err := template.New("docs").Funcs(template.FuncMap{"prose": prose, "lower": strings.ToLower}).Parse(docsHTML)
	if err != nil {
		return nil, fmt.Errorf("read docs.html: %w", err)
	}
	view := docsView{
		document: doc,
		Base:     c.Door.Path(""),
		Groups:   doc.groups(),
		Problems: doc.problems(),
		Objects:  doc.objects(),
		Window:   inWords(c.Sessions.Rule.Window),
		Idle:     inWords(c.Sessions.IdleTimeout),
		Life:     inWords(c.Sessions.TTL),
		Recovery: c.Sessions.Rule.Recovery,
	}
	var html bytes.Buffer
	if err := page.Execute(&html, view); err != nil {
		return nil, fmt.Errorf("write the reference: %w", err)
	}
	return html.Bytes(), nil
}

func (d *document) groups() []docsGroup {
	groups := make([]docsGroup, len(d.Tags))
	for i, tag := range d.Tags {
		groups[i] = docsGroup{Name: tag.Name, Description: tag.Description}
		for _, path := range d.Paths {
			for _, method := range path.Value {
				if slices.Contains(method.Value.Tags, tag.Name) {
					groups[i].Calls = append(groups[i].Calls, d.call(strings.ToUpper(method.Name), path.Name, method.Value))
				}
			}
		}
	}
	return groups
}

func (d *document) call(method, path string, o operation) docsCall {
	c := docsCall{operation: o, Method: method, Path: path, Credentials: credentials(o)}
	for _, p := range o.Parameters {
		f := d.field(p.Name, p.Schema)
		f.In, f.Required, f.Description = p.In, p.Required, p.Description
		c.Fields = append(c.Fields, f)
	}
	if o.RequestBody != nil {
		c.Fields = append(c.Fields, d.fields(o.RequestBody.Content["application/json"].Schema)...)
	}
	for _, r := range o.Responses {
		c.Answers = append(c.Answers, d.answer(r.Name, d.response(r.Value)))
	}
	c.Curl = d.curl(c)
	return c
}

func (d *document) fields(s schema) []docsField {
	s = d.resolve(s)
	fields := make([]docsField, len(s.Properties))
	for i, property := range s.Properties {
		fields[i] = d.field(property.Name, property.Value)
		fields[i].In, fields[i].Required = "body", slices.Contains(s.Required, property.Name)
	}
	return fields
}

func (d *document) field(name string, s schema) docsField {
	f := docsField{Name: name, Description: s.Description}
	whole := d.resolve(s)
	if f.Description == "" {
		f.Description = whole.Description
	}
	f.Type = d.typeOf(whole)
	if whole.Type == "array" && whole.Items != nil && whole.Items.Ref != "" {
		s, whole = *whole.Items, d.resolve(*whole.Items)
	}
	if s.Ref != "" && len(whole.Properties) > 0 {
		f.Object = refName(s.Ref)
	}
	return f
}

func (d *document) answer(status string, r response) docsAnswer {
	a := docsAnswer{Status: status, Description: r.Description, Good: status < "400"}
	for kind, m := range r.Content {
		if kind == "application/problem+json" {
			a.Codes = d.codes(m.Schema)
			continue
		}
		a.Object = refName(m.Schema.Ref)
		a.Sample = indented(d.sample(m))
	}
	return a
}

// objects are the schemas of answers that a table can show.
func (d *document) objects() []docsObject {
	var objects []docsObject
	for _, name := range []string{"SignedIn", "User", "Limits", "SessionList", "Session", "KeySet", "Metadata", "Problem", "FieldFault"} {
		objects = append(objects, docsObject{Name: name, Fields: d.fields(d.Components.Schemas.find(name))})
	}
	return objects
}

// problems gathers the causes of each code, in the words that answers have.
func (d *document) problems() []docsProblem {
	var list []docsProblem
	for _, cause := range door.Problems() {
		i := slices.IndexFunc(list, func(p docsProblem) bool { return p.Code == cause.Code })
		if i < 0 {
			list = append(list, docsProblem{Code: cause.Code, Statuses: d.statuses(cause.Code)})
			i = len(list) - 1
		}
		p := &list[i]
		p.Ends = p.Ends || cause.SessionEnded
		if status := strconv.Itoa(cause.Status); !slices.Contains(p.Statuses, status) {
			p.Statuses = append(p.Statuses, status)
		}
		slices.Sort(p.Statuses)
		p.Causes = append(p.Causes, cause)
	}
	return list
}

// statuses are those under which any call answers with the code.
func (d *document) statuses(code string) []string {
	var list []string
	for _, path := range d.Paths {
		for _, method := range path.Value {
			for _, r := range method.Value.Responses {
				schema := d.response(r.Value).Content["application/problem+json"].Schema
				if slices.Contains(d.codes(schema), code) && !slices.Contains(list, r.Name) {
					list = append(list, r.Name)
				}
			}
		}
	}
	return list
}
