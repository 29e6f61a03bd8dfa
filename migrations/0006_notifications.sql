-- Messages to people, and the staff's view of what happens.

CREATE TABLE notifications (
    id                   uuid PRIMARY KEY,
    kind                 text NOT NULL,
    channel              text NOT NULL CHECK (channel IN ('email', 'sms')),
    -- One message for one occasion, however often it is asked for.
    dedupe_key           text NOT NULL CONSTRAINT notifications_dedupe_key UNIQUE,
    order_id             uuid REFERENCES orders (id),
    -- Personal, sealed: whom, and what the template needs.
    recipient            bytea NOT NULL,
    data                 bytea NOT NULL,
    status               text NOT NULL DEFAULT 'requested'
                         CHECK (status IN ('requested', 'sending', 'sent', 'failed')),
    attempts             integer NOT NULL DEFAULT 0,
    -- Set before a provider is called; a row found in this state was interrupted.
    sending_since        timestamptz,
    provider_message_id  text,
    error                text,
    created_at           timestamptz NOT NULL,
    sent_at              timestamptz
);
CREATE INDEX notifications_order_idx ON notifications (order_id);

CREATE TABLE activity (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL,
    -- True where somebody has to act.
    alert    boolean NOT NULL DEFAULT false,
    -- Ids, numbers and amounts; no personal data.
    detail   jsonb NOT NULL DEFAULT '{}',
    at       timestamptz NOT NULL
);
