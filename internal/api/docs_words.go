package api

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// credentials says in words what a call may be made with.
func credentials(o operation) []string {
	words := map[string]string{
		"bearer":        "access token in the header",
		"accessCookie":  "access cookie",
		"refreshCookie": "refresh cookie",
	}
	var list []string
	for _, way := range o.Security {
		for name := range way {
			list = append(list, words[name])
		}
	}
	return list
}

// typeOf says in words what a value may be; `words` like these are values.
func (d *document) typeOf(s schema) string {
	s = d.resolve(s)
	switch {
	case len(s.Enum) > 0:
		texts := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			texts[i] = "`" + unquoted(value) + "`"
		}
		return strings.Join(texts, " ")
	case len(s.Const) > 0:
		return "`" + strings.Trim(string(s.Const), `"`) + "`"
	case len(s.AnyOf) > 0:
		return d.typeOf(s.AnyOf[0])
	case s.Type == "array" && s.Items != nil:
		return "list of " + d.typeOf(*s.Items)
	case s.Format == "date-time":
		return "time"
	case s.Format == "uuid", s.Format == "uri":
		return s.Format
	case s.Format == "idn-email":
		return "email"
	}
	return s.Type
}

// curl writes the call as a command line that works.
func (d *document) curl(c docsCall) string {
	url, query := d.Servers[0].URL+c.Path, "?"
	for _, p := range c.Parameters {
		switch {
		case p.In == "path":
			url = strings.Replace(url, "{"+p.Name+"}", unquoted(p.Example), 1)
		case p.Required:
			url += query + p.Name + "=" + unquoted(p.Schema.Enum[0])
			query = "&"
		}
	}
	line := "curl"
	if c.Method != "GET" {
		line += " -X " + c.Method
	}
	if strings.Contains(url, "?") {
		url = "'" + url + "'"
	}
	lines := []string{line + " " + url}
	if len(c.Security) > 0 && c.Security[0]["bearer"] != nil {
		lines = append(lines, `-H "Authorization: Bearer $ACCESS_TOKEN"`)
	}
	if c.RequestBody != nil {
		sample := d.sample(c.RequestBody.Content["application/json"])
		lines = append(lines, "-H 'Content-Type: application/json'", "-d '"+shellJSON(sample)+"'")
	}
	return strings.Join(lines, " \\\n  ")
}

func indented(value jsontext.Value) string {
	value = value.Clone()
	if len(value) == 0 || value.Indent(jsontext.WithIndent("  ")) != nil {
		return ""
	}
	return string(value)
}

// shellJSON keeps a short body on one line.
func shellJSON(value jsontext.Value) string {
	line := value.Clone()
	if line.Compact(jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true)) != nil {
		return ""
	}
	if len(line) > 72 {
		return indented(value)
	}
	return string(line)
}

// prose makes paragraphs of text in which `code` is set off.
func prose(text string) template.HTML {
	var html strings.Builder
	for i, part := range strings.Split(template.HTMLEscapeString(text), "`") {
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		html.WriteString(strings.ReplaceAll(part, "\n\n", "</p><p>"))
	}
	return template.HTML(html.String()) //nolint:gosec // escaped above
}

// inWords says a duration as people do: "30 seconds", "90 days".
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if d >= unit.size && d%unit.size == 0 {
			n := strconv.FormatInt(int64(d/unit.size), 10)
			if n == "1" {
				return n + " " + unit.name
			}
			return n + " " + unit.name + "s"
		}
	}
	return d.String()
}
