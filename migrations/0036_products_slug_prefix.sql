-- no-transaction
-- Staff look for products by the beginning of a slug.
CREATE INDEX CONCURRENTLY products_slug_prefix_idx ON products (slug text_pattern_ops);
