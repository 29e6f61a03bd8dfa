-- What follows from a request belongs to its trace, however much later it is worked.
--
-- Both columns are added without a default: rows of the code that does not know them have none. No
-- constraint judges trace_parent: telemetry must never be why an order is refused.

-- W3C trace context (`traceparent`) of what announced the message.
ALTER TABLE outbox ADD COLUMN trace_parent text;

-- When a message was first due that the broker has not taken since; `available_at` is then when it is
-- tried again. Without it a broker that refuses everything would leave the outbox looking young.
ALTER TABLE outbox ADD COLUMN due_at timestamptz;
