-- no-transaction
-- The history of a location.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_location_idx ON stock_movements (location_id, at, id);
