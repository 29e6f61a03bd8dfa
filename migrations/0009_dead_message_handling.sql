-- What staff decided about a message that could not be worked: replayed or discarded, who, when, why.
-- The former version only adds rows, which stay open.

ALTER TABLE dead_messages
    ADD COLUMN resolution         text,
    -- The sign of a member of staff, never a name.
    ADD COLUMN resolved_by        text,
    ADD COLUMN resolution_reason  text;

-- Until now a row could only be marked by hand.
UPDATE dead_messages
SET resolution = 'discarded', resolved_by = 'by-hand', resolution_reason = 'Marked by hand before replaying existed.'
WHERE resolved_at IS NOT NULL;

-- Complete or not at all. IS TRUE: a CHECK takes null for right.
ALTER TABLE dead_messages ADD CONSTRAINT dead_messages_resolution_check CHECK ((
    num_nonnulls(resolution, resolved_at, resolved_by, resolution_reason) = 0
    OR (resolution = 'replayed' AND resolved_at IS NOT NULL AND resolved_by IS NOT NULL AND resolution_reason IS NULL)
    OR (resolution = 'discarded' AND num_nonnulls(resolved_at, resolved_by, resolution_reason) = 3)
) IS TRUE);

-- Lists are read by id, which is a UUIDv7: the newest first. The table is small (what nobody could
-- work), so these locks are short.
DROP INDEX dead_messages_open_idx;
CREATE INDEX dead_messages_open_idx ON dead_messages (id) WHERE resolution IS NULL;
CREATE INDEX dead_messages_resolution_idx ON dead_messages (resolution, id) WHERE resolution IS NOT NULL;
CREATE INDEX dead_messages_queue_idx ON dead_messages (queue, id);
CREATE INDEX dead_messages_type_idx ON dead_messages (type, id);
