-- How many products on sale stand directly in each category, without counting them: each change of a
-- product writes by how much it changes the count, and from when on. A count is the sum of what is
-- effective by now. It is exact at every moment, also when the moment comes at which a product was to be
-- published and nobody writes anything.
--
-- Rows are only added, so that writers of products never wait for each other here; those that are
-- effective are merged from time to time (catalog::compact_category_counts).
CREATE TABLE category_counts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id  uuid NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    effective_at timestamptz NOT NULL,
    delta        bigint NOT NULL CHECK (delta <> 0)
);
CREATE INDEX category_counts_category_idx ON category_counts (category_id, effective_at);

-- A product counts from its publication on (seen_from, 0013). What was counted at a time that was then to
-- come is taken back at that time, or once and for all where it has passed for everybody: either way the
-- sum is right for whoever reads it, before and after.
CREATE FUNCTION count_products() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO category_counts (category_id, effective_at, delta)
        SELECT category_id, seen_from(published_at), count(*)
        FROM new_rows
        WHERE status = 'published' AND lowest_price IS NOT NULL
        GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO category_counts (category_id, effective_at, delta)
        SELECT category_id, seen_from(published_at), -count(*)
        FROM old_rows
        WHERE status = 'published' AND lowest_price IS NOT NULL
        GROUP BY 1, 2;
    ELSE
        INSERT INTO category_counts (category_id, effective_at, delta)
        SELECT category_id, seen_from(published_at), sum(delta)
        FROM (
            SELECT category_id, published_at, -1 AS delta
            FROM old_rows
            WHERE status = 'published' AND lowest_price IS NOT NULL
            UNION ALL
            SELECT category_id, published_at, 1
            FROM new_rows
            WHERE status = 'published' AND lowest_price IS NOT NULL
        ) changed
        GROUP BY 1, 2
        HAVING sum(delta) <> 0;
    END IF;
    RETURN NULL;
END
$$;
-- Making a trigger keeps writers of products out until this file is applied: what is counted below and
-- what the triggers will add is each product once.
CREATE TRIGGER products_count_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_products();
CREATE TRIGGER products_count_former AFTER DELETE ON products
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_products();
CREATE TRIGGER products_count AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_products();

INSERT INTO category_counts (category_id, effective_at, delta)
SELECT category_id, seen_from(published_at), count(*)
FROM products
WHERE status = 'published' AND lowest_price IS NOT NULL
GROUP BY 1, 2;

GRANT SELECT, INSERT, DELETE ON category_counts TO madrush_catalog;
