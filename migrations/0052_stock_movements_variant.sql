-- no-transaction
-- The history of a variant. Serves what stock_movements_level_idx served, which goes in the next release.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_variant_idx ON stock_movements (variant_id, at, id);
