-- Sessions that were ended early, for the revocation feed: a row is written by the step that ends the session and is
-- cleaned when no access token of it can be valid any more. Like all that belongs to a user it is keyed by the user, so
-- that an ending stays within one shard.
--
-- Old nodes that still run do not write into it: what they end is in nobody's feed, as it was before.

-- +goose Up
CREATE TABLE revocations (
    user_id    uuid        NOT NULL,
    session_id uuid        NOT NULL,
    revoked_at timestamptz NOT NULL, -- by the database's clock
    PRIMARY KEY (user_id, session_id)
);

CREATE INDEX revocations_by_time ON revocations (revoked_at);

-- +goose Down
DROP TABLE revocations;
