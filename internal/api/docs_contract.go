package api

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// document is as much of an OpenAPI document as the page shows.
type document struct {
	Info struct {
		Title       string `json:"title"`
		Summary     string `json:"summary"`
		Description string `json:"description"`
	} `json:"info"`
	Servers []struct {
		URL string `json:"url"`
	} `json:"servers"`
	Tags []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"tags"`
	Paths      ordered[ordered[operation]] `json:"paths"` // by path, then by method
	Components struct {
		Responses map[string]response `json:"responses"`
		Examples  map[string]example  `json:"examples"`
		Schemas   ordered[schema]     `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID          string                `json:"operationId"`
	Tags        []string              `json:"tags"`
	Summary     string                `json:"summary"`
	Description string                `json:"description"`
	Security    []map[string][]string `json:"security"`
	Parameters  []parameter           `json:"parameters"`
	RequestBody *struct {
		Required bool                 `json:"required"`
		Content  map[string]mediaType `json:"content"`
	} `json:"requestBody"`
	Responses ordered[response] `json:"responses"` // by status
}

type parameter struct {
	Name        string         `json:"name"`
	In          string         `json:"in"`
	Required    bool           `json:"required"`
	Description string         `json:"description"`
	Schema      schema         `json:"schema"`
	Example     jsontext.Value `json:"example"`
}

type response struct {
	Ref         string               `json:"$ref"`
	Description string               `json:"description"`
	Content     map[string]mediaType `json:"content"`
}

type mediaType struct {
	Schema   schema             `json:"schema"`
	Example  jsontext.Value     `json:"example"`
	Examples map[string]example `json:"examples"`
}

type example struct {
	Ref   string         `json:"$ref"`
	Value jsontext.Value `json:"value"`
}

// schema is as much of a JSON Schema as can be said in a table.
type schema struct {
	Ref         string           `json:"$ref"`
	Type        string           `json:"type"`
	Format      string           `json:"format"`
	Description string           `json:"description"`
	Enum        []jsontext.Value `json:"enum"`
	Const       jsontext.Value   `json:"const"`
	Default     jsontext.Value   `json:"default"`
	Required    []string         `json:"required"`
	Properties  ordered[schema]  `json:"properties"`
	Items       *schema          `json:"items"`
	AllOf       []schema         `json:"allOf"`
	AnyOf       []schema         `json:"anyOf"`
}

// UnmarshalJSONFrom takes the schemas `true` and `false` too, which say nothing that a table could show.
func (s *schema) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	if kind := in.PeekKind(); kind == 't' || kind == 'f' {
		*s = schema{}
		return in.SkipValue()
	}
	type plain schema // without this method
	return json.UnmarshalDecode(in, (*plain)(s))
}

// ordered is a JSON object whose members keep the order they were written in.
type ordered[T any] []member[T]

type member[T any] struct {
	Name  string
	Value T
}

// UnmarshalJSONFrom reads the members one after the other.
func (o *ordered[T]) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	if kind := in.PeekKind(); kind != '{' {
		return fmt.Errorf("an object was expected, not %v", kind)
	}
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return err
		}
		one := member[T]{Name: name.String()}
		if err := json.UnmarshalDecode(in, &one.Value); err != nil {
			return err
		}
		*o = append(*o, one)
	}
	_, err := in.ReadToken()
	return err
}

func (o ordered[T]) find(name string) (value T) {
	for _, one := range o {
		if one.Name == name {
			return one.Value
		}
	}
	return value
}

// name is the last part of a reference such as #/components/schemas/User.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func (d *document) resolve(s schema) schema {
	if s.Ref == "" {
		return s
	}
	return d.Components.Schemas.find(refName(s.Ref))
}

func (d *document) response(r response) response {
	if r.Ref == "" {
		return r
	}
	return d.Components.Responses[refName(r.Ref)]
}

// sample is the example of a media type, nil if it has none.
func (d *document) sample(m mediaType) jsontext.Value {
	for _, one := range m.Examples {
		if one.Ref != "" {
			one = d.Components.Examples[refName(one.Ref)]
		}
		return one.Value
	}
	return m.Example
}

// codes are the problem codes that a schema allows in its member `code`, as far as it narrows them.
func (d *document) codes(s schema) []string {
	s = d.resolve(s)
	code := s.Properties.find("code")
	var codes []string
	for _, value := range append(code.Enum, code.Const) {
		if text := unquoted(value); text != "" {
			codes = append(codes, text)
		}
	}
	for _, part := range s.AllOf {
		codes = append(codes, d.codes(part)...)
	}
	return codes
}

func unquoted(value jsontext.Value) string {
	var text string
	if len(value) == 0 || json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}
