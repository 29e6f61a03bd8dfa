-- no-transaction
-- SKUs in the order of their bytes: lists of stock, and SKUs by how they begin.
CREATE INDEX CONCURRENTLY IF NOT EXISTS variants_sku_bytes_idx ON variants (sku COLLATE "C");
