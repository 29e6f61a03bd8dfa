-- Stock in the hands of staff: adjustments, policies, places, and who waits for what.

-- The area's role, as 0010 makes the others. What holds for it in this database: 0050.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madrush_inventory') THEN
        RETURN;
    END IF;
    IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'the role madrush_inventory is missing, and % may not make roles', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Migrate as a role with CREATEROLE, or have the role madrush_inventory made.';
    END IF;
    BEGIN
        CREATE ROLE madrush_inventory LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- Another database made it just now.
    END;
END
$$;
ALTER TABLE locations
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
-- Not before the first lock: only with that does a session hear of a role that another has just made.
GRANT USAGE ON SCHEMA public TO madrush_inventory;

-- What a level means to a shopper, as domain::Availability::of says it: so that the levels that are short
-- can be listed without looking at all. A column of its own and not an index over the counters, because an
-- index over them would make each change of a counter write the index too: this word seldom changes.
ALTER TABLE stock_levels ADD COLUMN availability text NOT NULL GENERATED ALWAYS AS (
    CASE
        WHEN on_hand - reserved > low_stock_threshold THEN 'in_stock'
        WHEN on_hand - reserved > 0 THEN 'low_stock'
        WHEN on_hand - reserved + backorder_limit > 0 THEN 'backorder'
        ELSE 'out_of_stock'
    END) STORED;
CREATE INDEX stock_levels_short_idx ON stock_levels (location_id, variant_id)
    WHERE availability <> 'in_stock';

-- The lines that staff adjusted together.
ALTER TABLE stock_movements ADD COLUMN adjustment_id uuid;

-- What concerns a variant's stock at all its locations together.
CREATE TABLE variant_stock (
    variant_id  uuid PRIMARY KEY REFERENCES variants (id) ON DELETE CASCADE,
    -- Counts up with each change of a policy of its levels.
    version     bigint NOT NULL DEFAULT 1,
    -- What was last told of it: each crossing is told by whoever moves this word, under its lock. Null:
    -- nothing yet.
    announced   text CHECK (announced IN ('in_stock', 'low_stock', 'backorder', 'out_of_stock')),
    -- Its counters are not the sum of their movements, and staff know.
    differs     boolean NOT NULL DEFAULT false
);

-- Who waits for a variant to be back.
CREATE TABLE stock_alerts (
    id           uuid PRIMARY KEY,
    variant_id   uuid NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    -- Personal: sealed, and a keyed hash to find it by. Both are forgotten once their purpose is served.
    email        bytea,
    email_index  bytea,
    created_at   timestamptz NOT NULL,
    notified_at  timestamptz,
    CHECK ((notified_at IS NULL) = (email IS NOT NULL)),
    CHECK ((email IS NULL) = (email_index IS NULL))
);
CREATE UNIQUE INDEX stock_alerts_open_key ON stock_alerts (variant_id, email_index)
    WHERE notified_at IS NULL;

-- Staff see stock, adjust it, set its policies, and keep the places where it lies.
GRANT SELECT ON products, variants, stock_reservations TO madrush_inventory;
GRANT SELECT, INSERT, UPDATE (name, priority, active, version, updated_at) ON locations
    TO madrush_inventory;
GRANT SELECT, INSERT, UPDATE (on_hand, backorder_limit, low_stock_threshold, updated_at) ON stock_levels
    TO madrush_inventory;
GRANT SELECT, INSERT ON stock_movements TO madrush_inventory;
GRANT SELECT, INSERT, UPDATE (version) ON variant_stock TO madrush_inventory;
GRANT SELECT, INSERT, UPDATE (status, body) ON idempotency_keys TO madrush_inventory;
GRANT INSERT ON audit_log, outbox TO madrush_inventory;

-- Customers ask to be told; sync-product tells them and staff, and makes the levels of new variants.
GRANT SELECT, INSERT, UPDATE (announced, differs) ON variant_stock TO madrush_catalog;
GRANT SELECT, INSERT, UPDATE (email, email_index, notified_at) ON stock_alerts TO madrush_catalog;
GRANT INSERT ON stock_levels TO madrush_catalog;
GRANT SELECT ON stock_movements TO madrush_catalog;
GRANT SELECT, INSERT ON notifications, inbox, outbox, dead_messages TO madrush_catalog;
GRANT INSERT ON activity TO madrush_catalog;
