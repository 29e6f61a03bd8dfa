-- no-transaction
-- What the triggers of 0040 keep since, for the products that were there before, the oldest first. In
-- batches with a commit each; begins where it was ended.
DO $$
DECLARE
    product record;
    ids uuid[] := '{}';
BEGIN
    FOR product IN SELECT id FROM products WHERE serial IS NULL ORDER BY published_at NULLS FIRST, id LOOP
        ids := ids || product.id;
        IF cardinality(ids) = 500 THEN
            PERFORM set_config('lock_timeout', '10s', true);
            UPDATE products SET serial = NULL WHERE id = ANY(ids) AND serial IS NULL;
            ids := '{}';
            COMMIT;
        END IF;
    END LOOP;
    UPDATE products SET serial = NULL WHERE id = ANY(ids) AND serial IS NULL;
END
$$;
