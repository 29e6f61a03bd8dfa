-- no-transaction
CREATE INDEX CONCURRENTLY products_status_changed_idx ON products (status, updated_at DESC, id DESC);
