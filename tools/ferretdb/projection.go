package main

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// names are what a projection keeps of a document: whole members (nil), or parts of them.
type names map[string]names

func namesOf(fields bson.Raw) (names, error) {
	all := names{"_id": nil}
	elements, err := fields.Elements()
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		if n, ok := e.Value().AsInt64OK(); !ok || n != 1 {
			return nil, errExclusion
		}
		in := all
		path := strings.Split(e.Key(), ".")
		for _, step := range path[:len(path)-1] {
			if in[step] == nil {
				in[step] = names{}
			}
			in = in[step]
		}
		in[path[len(path)-1]] = nil
	}
	return all, nil
}

func (n names) keep(document bson.D) bson.D {
	kept := bson.D{}
	for _, e := range document {
		parts, named := n[e.Key]
		inner, isDocument := e.Value.(bson.D)
		switch {
		case named && parts == nil:
			kept = append(kept, e)
		case named && isDocument:
			kept = append(kept, bson.E{Key: e.Key, Value: parts.keep(inner)})
		}
	}
	return kept
}
