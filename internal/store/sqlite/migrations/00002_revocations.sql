-- Sessions that were ended early, for the revocation feed: a row is written by the step that ends the session and is
-- cleaned when no access token of it can be valid any more. There is no reference to the user: a deleted one's revocations
-- stay. revoked_at is by the clock of this machine, in milliseconds; the index holds all that the feed reads.

-- +goose Up
CREATE TABLE revocations (
    user_id    BLOB    NOT NULL,
    session_id BLOB    NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, session_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX revocations_by_time ON revocations (revoked_at);

-- +goose Down
DROP TABLE revocations;
