-- no-transaction
-- A category with its descendants is read branch by branch, each status from its own place.
CREATE INDEX CONCURRENTLY products_category_changed_idx
    ON products (category_id, status, updated_at DESC, id DESC);
