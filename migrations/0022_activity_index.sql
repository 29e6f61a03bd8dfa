-- no-transaction
CREATE INDEX CONCURRENTLY activity_order_idx ON activity (transaction, id);
