-- Orders. Everything an invoice prints is copied here, so that nothing that happens to the
-- catalogue afterwards changes an order.

CREATE TABLE delivery_rates (
    -- A state's usual name, or '*' for every state that has no row of its own.
    state            text PRIMARY KEY,
    amount           bigint NOT NULL CHECK (amount >= 0),
    currency         char(3) NOT NULL DEFAULT 'NGN',
    pay_on_delivery  boolean NOT NULL DEFAULT false
);
INSERT INTO delivery_rates (state, amount, pay_on_delivery) VALUES ('*', 350000, false), ('Lagos', 200000, true);

CREATE TABLE orders (
    id                 uuid PRIMARY KEY,
    number             text NOT NULL CONSTRAINT orders_number_key UNIQUE,
    customer_id        uuid,
    -- A cart becomes at most one order.
    cart_id            uuid CONSTRAINT orders_cart_id_key UNIQUE,
    status             text NOT NULL DEFAULT 'open'
                       CHECK (status IN ('open', 'completed', 'cancelled', 'expired')),
    payment_status     text NOT NULL CHECK (payment_status IN (
                           'unpaid', 'pending', 'paid', 'underpaid', 'overpaid', 'partially_refunded',
                           'refunded', 'disputed', 'on_delivery')),
    fulfilment_status  text NOT NULL DEFAULT 'unfulfilled' CHECK (fulfilment_status IN (
                           'unfulfilled', 'partially_fulfilled', 'shipped', 'delivered', 'returned')),
    channel            text NOT NULL CHECK (channel IN ('card', 'bank_transfer', 'ussd', 'on_delivery')),
    currency           char(3) NOT NULL CHECK (currency IN ('NGN', 'GHS', 'KES', 'ZAR', 'XOF', 'USD')),
    subtotal           bigint NOT NULL CHECK (subtotal > 0),
    discount           bigint NOT NULL DEFAULT 0 CHECK (discount BETWEEN 0 AND subtotal),
    delivery           bigint NOT NULL CHECK (delivery >= 0),
    -- Contained in the total, at vat_basis_points (750 is 7.5 %).
    tax                bigint NOT NULL CHECK (tax BETWEEN 0 AND total),
    vat_basis_points   integer NOT NULL CHECK (vat_basis_points BETWEEN 0 AND 10000),
    total              bigint NOT NULL,
    -- Personal data, sealed (shared/sealing): the customer and the address as JSON.
    customer           bytea NOT NULL,
    delivery_address   bytea NOT NULL,
    delivery_state     text NOT NULL,
    -- Keyed hashes, to find orders by e-mail and telephone without keeping either in clear.
    email_index        bytea NOT NULL,
    phone_index        bytea NOT NULL,
    version            bigint NOT NULL DEFAULT 1,
    placed_at          timestamptz NOT NULL,
    -- When the reservation runs out; none for an order that needs no payment in advance.
    expires_at         timestamptz,
    paid_at            timestamptz,
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_total_adds_up CHECK (total = subtotal - discount + delivery),
    CHECK (channel = 'on_delivery' OR expires_at IS NOT NULL)
);
CREATE INDEX orders_to_expire_idx ON orders (expires_at)
    WHERE status = 'open' AND payment_status IN ('unpaid', 'pending');
CREATE INDEX orders_placed_idx ON orders (placed_at DESC, id DESC);
CREATE INDEX orders_email_idx ON orders (email_index, placed_at DESC);
CREATE INDEX orders_phone_idx ON orders (phone_index, placed_at DESC);

CREATE TABLE order_lines (
    id            uuid PRIMARY KEY,
    order_id      uuid NOT NULL REFERENCES orders (id),
    position      smallint NOT NULL,
    variant_id    uuid NOT NULL REFERENCES variants (id),
    product_name  text NOT NULL,
    sku           text NOT NULL,
    options       jsonb NOT NULL,
    unit_price    bigint NOT NULL CHECK (unit_price > 0),
    quantity      bigint NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    total         bigint NOT NULL,
    CONSTRAINT order_lines_total_adds_up CHECK (total = unit_price * quantity),
    CONSTRAINT order_lines_position_key UNIQUE (order_id, position),
    CONSTRAINT order_lines_variant_key UNIQUE (order_id, variant_id)
);

-- Who did what to an order, when and why: the customer's timeline and the staff's.
CREATE TABLE order_events (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id  uuid NOT NULL REFERENCES orders (id),
    kind      text NOT NULL,
    -- {"payment_status": ["pending", "paid"]} and facts beside it; no personal data.
    detail    jsonb NOT NULL DEFAULT '{}',
    actor     text NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX order_events_order_idx ON order_events (order_id, id);
CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE ON order_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE stock_reservations (
    order_id     uuid NOT NULL REFERENCES orders (id),
    variant_id   uuid NOT NULL,
    location_id  uuid NOT NULL,
    quantity     bigint NOT NULL CHECK (quantity > 0),
    status       text NOT NULL CHECK (status IN ('held', 'committed', 'released', 'shipped')),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, variant_id, location_id),
    FOREIGN KEY (variant_id, location_id) REFERENCES stock_levels (variant_id, location_id)
);
CREATE INDEX stock_reservations_level_idx ON stock_reservations (variant_id, location_id)
    WHERE status IN ('held', 'committed');
