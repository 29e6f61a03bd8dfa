-- no-transaction
-- The lines of an adjustment.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_adjustment_idx ON stock_movements (adjustment_id)
    WHERE adjustment_id IS NOT NULL;
