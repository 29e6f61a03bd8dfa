-- no-transaction
-- What is promised to orders now, by order.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_reservations_in_force_idx
    ON stock_reservations (order_id, variant_id, location_id) WHERE status IN ('held', 'committed');
