-- What makes every request and every message count once, and none get lost.

-- The stored answer of a request that must not be done twice (design/api.md, Idempotency-Key).
CREATE TABLE idempotency_keys (
    -- The route and the caller: nobody reads another caller's answer.
    scope         text NOT NULL,
    key           text NOT NULL,
    request_hash  bytea NOT NULL,
    -- What the request made; with it an interrupted request is brought to its end.
    resource_id   uuid NOT NULL,
    -- Null from the commit of the effect until the answer is complete.
    status        smallint,
    body          text,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);

-- Announcements, written in the transaction of their cause, removed once the broker has them.
CREATE TABLE outbox (
    message_id      uuid NOT NULL,
    attempt         integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    type            text NOT NULL,
    version         smallint NOT NULL,
    payload         jsonb NOT NULL,
    correlation_id  text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    -- Delayed work is a row in the future.
    available_at    timestamptz NOT NULL,
    -- A relay that holds the row; when it dies, another takes it over after this.
    claimed_until   timestamptz,
    PRIMARY KEY (message_id, attempt)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_available_idx ON outbox (available_at);

-- Which message a consumer has worked; written in the transaction of the effect.
CREATE TABLE inbox (
    consumer    text NOT NULL,
    message_id  uuid NOT NULL,
    worked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_worked_idx ON inbox (worked_at);

-- Messages that cannot be worked. Staff see, replay or discard them.
CREATE TABLE dead_messages (
    id            uuid PRIMARY KEY,
    queue         text NOT NULL,
    message_id    uuid,
    type          text,
    attempt       integer NOT NULL,
    body          bytea NOT NULL,
    error         text NOT NULL,
    parked_at     timestamptz NOT NULL,
    resolved_at   timestamptz,
    CONSTRAINT dead_messages_attempt_key UNIQUE (queue, message_id, attempt)
);
CREATE INDEX dead_messages_open_idx ON dead_messages (parked_at) WHERE resolved_at IS NULL;

-- What a provider told us, word for word (sealed), under a key that makes repeats one row.
CREATE TABLE webhook_inbox (
    id           uuid PRIMARY KEY,
    provider     text NOT NULL,
    event        text NOT NULL,
    key          text NOT NULL,
    body         bytea NOT NULL,
    times        integer NOT NULL DEFAULT 1,
    received_at  timestamptz NOT NULL,
    CONSTRAINT webhook_inbox_key UNIQUE (provider, key)
);
