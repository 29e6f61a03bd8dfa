-- Stock: where things lie, how many, every movement, every promise.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TABLE locations (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CONSTRAINT locations_name_key UNIQUE,
    -- Orders are filled from the lowest priority first.
    priority   integer NOT NULL DEFAULT 0,
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE stock_levels (
    variant_id          uuid NOT NULL REFERENCES variants (id),
    location_id         uuid NOT NULL REFERENCES locations (id),
    on_hand             bigint NOT NULL DEFAULT 0,
    reserved            bigint NOT NULL DEFAULT 0,
    -- How far below the shelf orders may go.
    backorder_limit     bigint NOT NULL DEFAULT 0 CHECK (backorder_limit >= 0),
    -- At or below this many available pieces staff are told.
    low_stock_threshold bigint NOT NULL DEFAULT 5 CHECK (low_stock_threshold >= 0),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (variant_id, location_id),
    -- Overselling is impossible here, whatever the code does.
    CONSTRAINT stock_levels_never_oversold
        CHECK (reserved >= 0 AND on_hand >= 0 AND reserved <= on_hand + backorder_limit)
) WITH (fillfactor = 70); -- counters change often: leave room for heap-only updates

CREATE TABLE stock_movements (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id  uuid NOT NULL,
    location_id uuid NOT NULL,
    kind        text NOT NULL
                CHECK (kind IN ('received', 'adjusted', 'reserved', 'released', 'shipped', 'returned')),
    on_hand     bigint NOT NULL DEFAULT 0,
    reserved    bigint NOT NULL DEFAULT 0,
    order_id    uuid,
    reason      text NOT NULL DEFAULT '',
    actor       text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (variant_id, location_id) REFERENCES stock_levels (variant_id, location_id),
    CHECK (on_hand <> 0 OR reserved <> 0),
    CHECK (CASE kind
        WHEN 'received' THEN on_hand > 0 AND reserved = 0
        WHEN 'adjusted' THEN reserved = 0
        WHEN 'reserved' THEN on_hand = 0 AND reserved > 0 AND order_id IS NOT NULL
        WHEN 'released' THEN on_hand = 0 AND reserved < 0 AND order_id IS NOT NULL
        WHEN 'shipped' THEN on_hand < 0 AND reserved = on_hand AND order_id IS NOT NULL
        WHEN 'returned' THEN on_hand > 0 AND reserved = 0 AND order_id IS NOT NULL
    END)
);
CREATE INDEX stock_movements_level_idx ON stock_movements (variant_id, location_id, id);
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stock_movements_no_truncate BEFORE TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
