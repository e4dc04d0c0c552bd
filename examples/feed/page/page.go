// Package page is the page of the feed: plain files that the Go example serves from its binary, and the Express example
// from this folder.
package page

import "embed"

// Files are what a browser asks for; index.html is the page.
//
//go:embed *.html *.css *.js *.svg
var Files embed.FS
