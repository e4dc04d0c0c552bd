-- Ids are the 16 bytes of a UUID, times are milliseconds since 1970 in UTC. The tables keep no rowid: the key is the
-- only index that a read of a session or a user needs.

-- +goose Up
CREATE TABLE users (
    id             BLOB    NOT NULL PRIMARY KEY,
    epoch          INTEGER NOT NULL,
    disabled_at    INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    email          TEXT    NOT NULL,
    email_key      TEXT    NOT NULL UNIQUE,
    email_verified INTEGER NOT NULL,
    username       TEXT,
    username_key   TEXT UNIQUE,
    name           TEXT    NOT NULL,
    roles          TEXT, -- a JSON array of strings
    metadata       TEXT  -- a JSON object
) STRICT, WITHOUT ROWID;

CREATE TABLE passwords (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a refresh changes comes first, and no index covers it.
CREATE TABLE sessions (
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id         BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    parent     INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER,
    end_reason TEXT,
    created_at INTEGER NOT NULL,
    seed       BLOB    NOT NULL,
    delivery   TEXT    NOT NULL,
    amr        TEXT, -- a JSON array of strings
    address    BLOB,
    user_agent TEXT    NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

-- empty_at is in nanoseconds: the waits that are counted from it are exact.
CREATE TABLE limits (
    key      TEXT    NOT NULL PRIMARY KEY,
    empty_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limits_by_empty_at ON limits (empty_at);

CREATE TABLE signing_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    algorithm  TEXT    NOT NULL,
    public     BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    signs_at   INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- One row that is rewritten to learn whether a write would last.
CREATE TABLE probe (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    writes INTEGER NOT NULL
) STRICT;

INSERT INTO probe (id, writes) VALUES (1, 0);

-- +goose Down
DROP TABLE probe;
DROP TABLE signing_keys;
DROP TABLE limits;
DROP TABLE sessions;
DROP TABLE passwords;
DROP TABLE users;
