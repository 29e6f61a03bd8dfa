-- no-transaction
-- The history of a variant.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_variant_idx ON stock_movements (variant_id, at, id);
