-- no-transaction
-- What the triggers of 0013 have kept since, for the products that were there before. In batches with a
-- commit each, so that no product is locked for longer than a moment; begins anew where it was ended.
DO $$
DECLARE
    ids uuid[];
    latest uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        -- A product may be locked by whoever changes it just now; the migration's own limit of a second
        -- is for tables.
        PERFORM set_config('lock_timeout', '10s', true);
        SELECT array_agg(id ORDER BY id) INTO ids
        FROM (SELECT id FROM products WHERE id > latest ORDER BY id LIMIT 500) batch;
        EXIT WHEN ids IS NULL;
        PERFORM refresh_products(ids);
        PERFORM learn_products(ids);
        latest := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END
$$;
