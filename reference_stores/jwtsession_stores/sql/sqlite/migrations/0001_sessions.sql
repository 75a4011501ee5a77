CREATE TABLE sessions (
    user_id        BLOB    NOT NULL,
    id             TEXT    NOT NULL,
    refresh_hash   BLOB    NOT NULL,
    gen            INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    rotated_at     INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    seen           TEXT    NOT NULL,
    meta           TEXT    NOT NULL,
    data           TEXT    NOT NULL,
    PRIMARY KEY (user_id, id)
);

CREATE INDEX sessions_expires_at ON sessions (expires_at);
