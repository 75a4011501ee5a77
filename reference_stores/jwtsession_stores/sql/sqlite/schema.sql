-- The tables as they are after every migration. A test keeps the two equal.

-- Texts are kept as they came; nothing here looks inside them. Large columns come last, so
-- that a look at the small ones reads no overflow page. An ordinary rowid table: a swap
-- then touches neither the primary key nor the texts' pages, unlike WITHOUT ROWID.
CREATE TABLE sessions (
    user_id        BLOB    NOT NULL, -- UTF-8: compared byte for byte
    id             TEXT    NOT NULL, -- a ULID
    refresh_hash   BLOB    NOT NULL,
    gen            INTEGER NOT NULL,
    created_at     INTEGER NOT NULL, -- seconds since the epoch, as all times
    rotated_at     INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    seen           TEXT    NOT NULL,
    meta           TEXT    NOT NULL,
    data           TEXT    NOT NULL,
    PRIMARY KEY (user_id, id)
);

-- For purge_expired. A user's own sessions are few and lie together in the primary key, so
-- their order needs no index.
CREATE INDEX sessions_expires_at ON sessions (expires_at);
