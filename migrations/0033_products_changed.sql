-- no-transaction
-- The staff's list: what was changed last comes first.
CREATE INDEX CONCURRENTLY products_changed_idx ON products (updated_at DESC, id DESC);
