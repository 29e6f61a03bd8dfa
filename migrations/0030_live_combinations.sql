-- no-transaction
-- One variant on sale for each combination: those that are archived may have been anything.
CREATE UNIQUE INDEX CONCURRENTLY variants_live_combination_key ON variants (product_id, options)
    WHERE archived_at IS NULL;
