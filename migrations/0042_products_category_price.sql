-- no-transaction
-- The cheapest of a category lie far apart in the order of all prices.
CREATE INDEX CONCURRENTLY products_category_price_idx ON products (category_id, lowest_price, id)
    WHERE status = 'published' AND lowest_price IS NOT NULL;
