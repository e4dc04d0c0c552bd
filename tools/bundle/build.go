package main

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// made is what the first line of every bundle begins with. By it a bundle whose source is gone is known.
const made = "// Made by `make generate` from "

// build bundles one source. The same sources give the same bytes on every machine: no path of this one gets in, and what
// npm has installed here or not changes nothing.
func build(root, source string) ([]byte, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       []string{source},
		Bundle:            true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		Banner:            map[string]string{"js": made + path.Clean(source) + ". Do not edit."},
		Plugins:           []api.Plugin{noPackages},
	})
	var faults []error
	for _, message := range append(result.Errors, result.Warnings...) {
		faults = append(faults, errors.New(place(message)+message.Text))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return result.OutputFiles[0].Contents, nil
}

func place(message api.Message) string {
	if message.Location == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d: ", message.Location.File, message.Location.Line, message.Location.Column+1)
}

// noPackages refuses whatever would have to be installed first.
var noPackages = api.Plugin{Name: "no packages", Setup: func(build api.PluginBuild) {
	build.OnLoad(api.OnLoadOptions{Filter: "/node_modules/"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		_, name, _ := strings.Cut(filepath.ToSlash(args.Path), "/node_modules/")
		return api.OnLoadResult{}, fmt.Errorf("node_modules/%s is an installed package: a page's script is made of this repository's files alone", name)
	})
}}
