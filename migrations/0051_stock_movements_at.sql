-- no-transaction
-- The ledger, the newest first, and what happened in a span of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_at_idx ON stock_movements (at, id);
