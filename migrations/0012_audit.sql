-- What staff have changed: who, when, by which request, what it was before and what it is after.
-- Only the fields that changed stand in before and after. No personal data stands here in clear text.

CREATE TABLE audit_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    -- A member of staff's id, or the function that acted for them. Never a person's name.
    actor           text NOT NULL,
    -- What was done, as events are named: product.updated.
    action          text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    entity          text NOT NULL,
    entity_id       uuid NOT NULL,
    before          jsonb,
    after           jsonb,
    correlation_id  text NOT NULL
);
CREATE INDEX audit_log_entity_idx ON audit_log (entity_id, id);
CREATE INDEX audit_log_actor_idx ON audit_log (actor, id);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Staff change the catalogue. The role of the inventory gets its line where it is made (0015).
GRANT INSERT ON audit_log TO madrush_catalog;
