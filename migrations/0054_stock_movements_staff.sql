-- no-transaction
-- What staff did among the many movements of orders, which write nothing into this index.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_movements_staff_idx ON stock_movements (kind, at, id)
    WHERE kind IN ('received', 'adjusted', 'returned');
