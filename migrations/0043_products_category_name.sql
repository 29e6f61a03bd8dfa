-- no-transaction
CREATE INDEX CONCURRENTLY products_category_name_idx ON products (category_id, name COLLATE "C", id)
    WHERE status = 'published' AND lowest_price IS NOT NULL;
