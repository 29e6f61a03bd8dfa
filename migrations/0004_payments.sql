-- Money: every attempt to pay, every fact about it, what went back, what nobody expected.

CREATE TABLE payments (
    id                       uuid PRIMARY KEY,
    order_id                 uuid NOT NULL REFERENCES orders (id),
    -- Our own name of the attempt at the provider; mapped to its order for ever.
    reference                text NOT NULL CONSTRAINT payments_reference_key UNIQUE,
    channel                  text NOT NULL CHECK (channel IN ('card', 'bank_transfer', 'ussd')),
    status                   text NOT NULL DEFAULT 'created' CHECK (status IN (
                                 'created', 'open', 'failed', 'paid', 'returning', 'refunded', 'unmatched')),
    amount                   bigint NOT NULL CHECK (amount > 0),
    currency                 char(3) NOT NULL CHECK (currency IN ('NGN', 'GHS', 'KES', 'ZAR', 'XOF', 'USD')),
    -- What the payer needs in order to pay.
    authorization_url        text,
    bank_account             jsonb,
    ussd_code                text,
    -- Who is telling the provider about this attempt holds it until then; nobody else tries.
    initialising_until       timestamptz,
    -- What the provider captured, and what of it the shop received (less fees borne by the payer).
    captured_amount          bigint CHECK (captured_amount > 0),
    received_amount          bigint CHECK (received_amount > 0),
    surplus_amount           bigint NOT NULL DEFAULT 0 CHECK (surplus_amount >= 0),
    provider_transaction_id  bigint,
    paid_at                  timestamptz,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL DEFAULT now(),
    expires_at               timestamptz NOT NULL,
    CHECK (status NOT IN ('paid', 'returning', 'refunded') OR received_amount IS NOT NULL),
    CHECK (received_amount IS NULL OR received_amount <= captured_amount),
    CHECK (surplus_amount = 0 OR surplus_amount <= received_amount)
);
CREATE INDEX payments_order_idx ON payments (order_id, created_at);
CREATE INDEX payments_unsettled_idx ON payments (created_at) WHERE status IN ('created', 'open', 'failed');

CREATE TABLE payment_events (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id    uuid NOT NULL REFERENCES payments (id),
    kind          text NOT NULL,
    -- What makes the same fact told twice one row.
    provider_key  text,
    detail        jsonb NOT NULL DEFAULT '{}',
    actor         text NOT NULL,
    at            timestamptz NOT NULL,
    CONSTRAINT payment_events_provider_key UNIQUE (payment_id, provider_key)
);
CREATE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE ON payment_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Money that credits nothing: another currency, another mode, a reference nobody knows.
CREATE TABLE unmatched_payments (
    reference                text PRIMARY KEY,
    payment_id               uuid REFERENCES payments (id),
    reason                   text NOT NULL CHECK (reason IN (
                                 'other_reference', 'other_currency', 'other_mode', 'no_amount', 'unknown_reference')),
    amount                   bigint NOT NULL,
    currency                 text NOT NULL,
    provider_transaction_id  bigint,
    seen_at                  timestamptz NOT NULL,
    resolved_at              timestamptz
);

CREATE TABLE refunds (
    id               uuid PRIMARY KEY,
    payment_id       uuid NOT NULL REFERENCES payments (id),
    order_id         uuid NOT NULL REFERENCES orders (id),
    amount           bigint NOT NULL CHECK (amount > 0),
    currency         char(3) NOT NULL,
    reason           text NOT NULL CHECK (reason IN ('duplicate', 'late', 'staff')),
    status           text NOT NULL DEFAULT 'requested' CHECK (status IN (
                         'requested', 'sending', 'pending', 'processed', 'failed', 'needs_attention')),
    provider_id      bigint CONSTRAINT refunds_provider_id_key UNIQUE,
    requested_at     timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refunds_payment_idx ON refunds (payment_id);
CREATE INDEX refunds_order_idx ON refunds (order_id);
-- What goes back by itself goes back once.
CREATE UNIQUE INDEX refunds_automatic_key ON refunds (payment_id) WHERE reason IN ('duplicate', 'late');

-- Refunds never exceed what was captured: checked under the payment's lock.
CREATE FUNCTION refuse_refund_above_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    refunded bigint;
BEGIN
    SELECT captured_amount INTO captured FROM payments WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO refunded
    FROM refunds WHERE payment_id = NEW.payment_id AND id <> NEW.id AND status <> 'failed';
    IF NEW.status <> 'failed' AND refunded + NEW.amount > coalesce(captured, 0) THEN
        RAISE EXCEPTION 'refunds of payment % would exceed what was captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_never_exceed_payment';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refunds_never_exceed_payment BEFORE INSERT OR UPDATE OF amount, status ON refunds
    FOR EACH ROW EXECUTE FUNCTION refuse_refund_above_payment();
