-- Every table that a refresh touches is keyed by the user, who comes first: an engine that shards by user id answers a
-- refresh from one shard. That is why emails and usernames, which are unique among all users, lie in a table of their
-- own, and why there are no foreign keys: whoever makes or deletes what belongs to a user holds the lock on the user's
-- row.

-- +goose Up
CREATE TABLE users (
    id             uuid        NOT NULL PRIMARY KEY,
    epoch          bigint      NOT NULL,
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    email_verified boolean     NOT NULL,
    email          text        NOT NULL,
    username       text,
    name           text        NOT NULL,
    roles          text[],
    metadata       json -- as it was given: jsonb refuses \u0000 and turns members round
) WITH (fillfactor = 80);

-- Keys are compared as bytes, so that a new version of the system's collations breaks no index.
CREATE TABLE identifiers (
    key     text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL CHECK (kind IN ('email', 'username')),
    user_id uuid             NOT NULL,
    PRIMARY KEY (key, kind)
);

CREATE INDEX identifiers_by_user ON identifiers (user_id);

CREATE TABLE passwords (
    user_id uuid NOT NULL PRIMARY KEY,
    hash    text NOT NULL
) WITH (fillfactor = 80);

-- No index covers what a refresh changes, and each page has room for three more versions of every row in it: a rotation
-- writes into the page where the row is and into no index (HOT), even while every row of the page rotates at once and
-- nobody has had the time to sweep up.
CREATE TABLE sessions (
    user_id    uuid        NOT NULL,
    id         uuid        NOT NULL,
    generation bigint      NOT NULL,
    parent     bigint      NOT NULL,
    rotated_at timestamptz NOT NULL,
    epoch      bigint      NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text,
    seed       bytea       NOT NULL,
    delivery   text        NOT NULL,
    amr        text[],
    address    text, -- inet has no zones
    user_agent text        NOT NULL,
    PRIMARY KEY (user_id, id)
) WITH (fillfactor = 25);

-- empty_at is in nanoseconds since 1970: the waits that are counted from it are exact.
CREATE TABLE limits (
    key      text COLLATE "C" NOT NULL PRIMARY KEY,
    empty_at bigint           NOT NULL
);

CREATE INDEX limits_by_empty_at ON limits (empty_at);

CREATE TABLE signing_keys (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm  text             NOT NULL,
    public     bytea            NOT NULL,
    sealed     bytea            NOT NULL,
    created_at timestamptz      NOT NULL,
    signs_at   timestamptz      NOT NULL,
    revoked_at timestamptz
);

-- One row about the database itself. `writes` is raised to learn whether a write would last; whoever adds a signing key
-- locks the row. A program that does not know the schema `oldest_program` must not work here: a migration that old nodes
-- cannot live with raises it.
CREATE TABLE mayfly (
    id             int    NOT NULL PRIMARY KEY CHECK (id = 1),
    writes         bigint NOT NULL,
    oldest_program bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO mayfly (id, writes, oldest_program) VALUES (1, 0, 1);

-- +goose Down
DROP TABLE mayfly;
DROP TABLE signing_keys;
DROP TABLE limits;
DROP TABLE sessions;
DROP TABLE passwords;
DROP TABLE identifiers;
DROP TABLE users;
