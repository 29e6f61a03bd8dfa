-- no-transaction
-- The variants of a product, archived ones too: what the constraint that 0032 drops served as well.
CREATE INDEX CONCURRENTLY variants_product_idx ON variants (product_id, position, id);
