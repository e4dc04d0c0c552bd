package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// tutorialFields are the names that the usual Express tutorial gives to the fields of a user.
var tutorialFields = renames{
	"_id":       metadataMember + "old_id",
	"email":     "email",
	"username":  "username",
	"fullName":  "name",
	"password":  "password_hash",
	"createdAt": "created_at",
}

const (
	mongoPatience = 10 * time.Second // to find the server
	mongoBatch    = 500
	tutorialUsers = "users" // what Mongoose calls the collection of the model User
)

// mongoUsers reads a user from each document of a collection, in the order of their ids.
type mongoUsers struct {
	client    *mongo.Client
	documents *mongo.Cursor
	fields    renames
}

// openMongoUsers finds the collection. Only the fields that are asked for leave the database.
func openMongoUsers(ctx context.Context, address, collection string, mapped renames) (*mongoUsers, error) {
	clean, database, inAddress, err := splitMongo(address)
	if err != nil {
		return nil, err
	}
	if collection == "" {
		collection = inAddress
	}
	client, err := mongo.Connect(options.Client().ApplyURI(clean).SetServerSelectionTimeout(mongoPatience).SetAppName("mayfly"))
	if err != nil { // its text may quote the address
		return nil, errMongoAddress
	}
	r := &mongoUsers{client: client, fields: mongoFields(mapped)}
	asked := bson.D{}
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		asked = append(asked, bson.E{Key: name, Value: 1})
	}
	r.documents, err = client.Database(database).Collection(collection).Find(ctx, bson.D{},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetBatchSize(mongoBatch).SetProjection(asked))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s.%s: %w; fix: see that MongoDB runs and lets this user read the collection",
			database, collection, err), r.Close())
	}
	return r, nil
}

var errMongoAddress = errors.New("the address cannot be read; fix: write mongodb://user:password@host:27017/database.collection, " +
	"and escape what is special in the password (@ is %40)")

// splitMongo takes the collection out of the address, where MongoDB knows none.
func splitMongo(address string) (clean, database, collection string, err error) {
	scheme, rest, _ := strings.Cut(address, "://")
	hosts, path, found := strings.Cut(rest, "/") // not by package url, which knows one host
	path, query, hasQuery := strings.Cut(path, "?")
	name, errName := url.PathUnescape(path)
	if !found || name == "" || hosts == "" || errName != nil {
		return "", "", "", errMongoAddress
	}
	database, collection, found = strings.Cut(name, ".")
	if !found {
		collection = tutorialUsers
	}
	clean = scheme + "://" + hosts + "/" + url.PathEscape(database)
	if hasQuery {
		clean += "?" + query
	}
	return clean, database, collection, nil
}

// mongoFields says which fields of a document are what. Whoever says that a field is the email takes that away from the
// field that is usually called so.
func mongoFields(mapped renames) renames {
	fields := renames{}
	for name, field := range tutorialFields {
		taken := false
		for _, given := range mapped {
			taken = taken || given == field
		}
		if _, renamed := mapped[name]; !renamed && !taken {
			fields[name] = field
		}
	}
	for name, field := range mapped {
		if field != "" {
			fields[name] = field
		}
	}
	return fields
}

func (r *mongoUsers) read(ctx context.Context) (u importedUser, where string, err error) {
	if !r.documents.Next(ctx) {
		if err := r.documents.Err(); err != nil {
			return u, "the collection", err
		}
		return u, "", io.EOF
	}
	where = "document"
	if id, err := r.documents.Current.LookupErr("_id"); err == nil {
		where += " " + mongoText(id)
	}
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		value, err := r.documents.Current.LookupErr(strings.Split(name, ".")...)
		if err != nil || value.Type == bson.TypeNull || value.Type == bson.TypeUndefined {
			continue // it has no such field
		}
		if err := u.putMongo(r.fields[name], value); err != nil {
			return u, where, err
		}
	}
	return u, where, nil
}

// putMongo sets a field to a value of a document.
func (u *importedUser) putMongo(field string, value bson.RawValue) error {
	if member, ok := strings.CutPrefix(field, metadataMember); ok {
		if value.Type == bson.TypeObjectID || value.Type == bson.TypeDateTime {
			return u.addMetadata(member, mongoText(value))
		}
		text, err := mongoJSON(value)
		if err != nil {
			return &lineError{"its " + field + " has no form in JSON"}
		}
		return u.addMember(member, text)
	}
	switch field {
	case "roles":
		if value.Type == bson.TypeArray {
			if err := value.Unmarshal(&u.Roles); err != nil {
				return &lineError{"its roles are not strings"}
			}
			return nil
		}
	case "metadata":
		text, err := mongoJSON(value)
		if err != nil {
			return &lineError{"its metadata has no form in JSON"}
		}
		return u.putMetadata(string(text))
	}
	switch value.Type {
	case bson.TypeString, bson.TypeBoolean, bson.TypeDateTime, bson.TypeObjectID, bson.TypeBinary:
		return u.put(field, mongoText(value))
	}
	return &lineError{"its " + field + " is not of the right kind"}
}

// mongoText returns a plain value as text.
func mongoText(value bson.RawValue) string {
	switch value.Type {
	case bson.TypeString:
		return value.StringValue()
	case bson.TypeObjectID:
		return value.ObjectID().Hex()
	case bson.TypeBoolean:
		return fmt.Sprint(value.Boolean())
	case bson.TypeDateTime:
		return value.Time().UTC().Format(time.RFC3339Nano)
	case bson.TypeBinary: // a UUID, if anything that a user's field can be
		if _, b := value.Binary(); len(b) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		}
	}
	return value.String()
}

// mongoJSON returns a value as JSON, in MongoDB's own words for what JSON has no word for.
func mongoJSON(value bson.RawValue) (jsontext.Value, error) {
	text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: value}}, false, false)
	if err != nil {
		return nil, err
	}
	var wrapped struct {
		V jsontext.Value `json:"v"`
	}
	err = json.Unmarshal(text, &wrapped)
	return wrapped.V, err
}

// Close ends the connections. Nothing was written over them.
func (r *mongoUsers) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), mongoPatience)
	defer cancel()
	if r.documents != nil {
		_ = r.documents.Close(ctx) // the server forgets it by itself
	}
	return r.client.Disconnect(ctx)
}
