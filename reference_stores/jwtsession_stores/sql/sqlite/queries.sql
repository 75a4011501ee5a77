-- Every statement that writes checks the key and expires_at again by itself. Those that
-- belong together run in one transaction that no other can interrupt.

-- name: insert
-- An expired session of this key counts as absent: every column is replaced.
INSERT INTO sessions (
    user_id, id, refresh_hash, gen, created_at, rotated_at, last_active_at, expires_at,
    seen, meta, data
)
VALUES (
    :user_id, :id, :refresh_hash, :gen, :created_at, :rotated_at, :last_active_at,
    :expires_at, :seen, :meta, :data
)
ON CONFLICT (user_id, id) DO UPDATE SET
    refresh_hash = excluded.refresh_hash,
    gen = excluded.gen,
    created_at = excluded.created_at,
    rotated_at = excluded.rotated_at,
    last_active_at = excluded.last_active_at,
    expires_at = excluded.expires_at,
    seen = excluded.seen,
    meta = excluded.meta,
    data = excluded.data
WHERE sessions.expires_at <= :now

-- name: over_the_limit
-- The live sessions beside :id for which there is no room, the least recently active ones.
SELECT id
FROM sessions
WHERE user_id = :user_id AND id <> :id AND expires_at > :now
ORDER BY last_active_at DESC, id DESC
LIMIT -1 OFFSET :room

-- name: get
SELECT
    refresh_hash, gen, created_at, rotated_at, last_active_at, expires_at,
    seen, meta, data
FROM sessions
WHERE user_id = :user_id AND id = :id AND expires_at > :now

-- name: swap
UPDATE sessions
SET
    refresh_hash = :refresh_hash,
    gen = :gen,
    rotated_at = :rotated_at,
    expires_at = :expires_at,
    seen = :seen,
    last_active_at = max(last_active_at, :now)
WHERE
    user_id = :user_id AND id = :id AND expires_at > :now
    AND refresh_hash = :expected

-- name: touch
UPDATE sessions
SET last_active_at = max(last_active_at, :now)
WHERE user_id = :user_id AND id = :id AND expires_at > :now

-- name: replace_data
UPDATE sessions
SET data = :data
WHERE user_id = :user_id AND id = :id AND expires_at > :now

-- name: list
SELECT
    refresh_hash, gen, created_at, rotated_at, last_active_at, expires_at,
    seen, meta, data, id
FROM sessions
WHERE user_id = :user_id AND expires_at > :now
ORDER BY last_active_at DESC, id ASC

-- name: remove_live
DELETE FROM sessions
WHERE user_id = :user_id AND id = :id AND expires_at > :now

-- name: remove_expired
-- To a caller whose clock is a second behind it may be live still, and a swap there would
-- bring back what was ended here.
DELETE FROM sessions
WHERE user_id = :user_id AND id = :id AND expires_at <= :now

-- name: remove_all_live
DELETE FROM sessions
WHERE user_id = :user_id AND id IS NOT :keep AND expires_at > :now

-- name: remove_all_expired
DELETE FROM sessions
WHERE user_id = :user_id AND id IS NOT :keep AND expires_at <= :now

-- name: purge_expired
DELETE FROM sessions
WHERE rowid IN (SELECT rowid FROM sessions WHERE expires_at <= :now LIMIT :limit)
