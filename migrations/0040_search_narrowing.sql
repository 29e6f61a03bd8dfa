-- At a million products a frequent word is in fifty thousand of them, and to look at each is too dear for
-- one page. So the documents of 0013 also say, in lexemes that no word can be, what a search is narrowed by:
-- '=Size=42' each option of a variant on sale, '#<id>' the category, and '@<size>.<n>' the newest-first
-- neighbourhood of the product in groups of several sizes. The index then answers "the newest so many that
-- have the word" by itself, and Postgres knows how frequent each of them is.
-- Rows that exist are filled in by 0041.

-- Counts up with each publication: the greater, the newer. Given by a trigger, in no one's gift.
CREATE SEQUENCE products_serial_seq;
ALTER TABLE products ADD COLUMN serial bigint;
ALTER SEQUENCE products_serial_seq OWNED BY products.serial;

-- How large the groups are: powers of two, by fours.
CREATE FUNCTION recency_groups(serial bigint) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['@10.' || (serial >> 10), '@12.' || (serial >> 12), '@14.' || (serial >> 14),
             '@16.' || (serial >> 16), '@18.' || (serial >> 18)];

-- The newest so many products, or somewhat more: four to sixteen groups and the one that is not full yet.
-- Null where there are no more than that many at all.
CREATE FUNCTION newest_products(wanted bigint) RETURNS tsquery
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    newest bigint := (SELECT last_value FROM products_serial_seq);
    size integer := 10;
    groups text;
BEGIN
    IF wanted >= newest THEN
        RETURN NULL;
    END IF;
    WHILE size < 18 AND wanted >> (size + 2) >= 4 LOOP
        size := size + 2;
    END LOOP;
    SELECT string_agg(format('''@%s.%s''', size, n), ' | ') INTO groups
    FROM generate_series(greatest((newest - wanted) >> size, 0), newest >> size) n;
    RETURN groups::tsquery;
END
$$;

-- The lexemes that a search is narrowed by. An option too long for a lexeme is not looked up by it.
CREATE FUNCTION narrowing_of(product products, options text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp
RETURN array_to_tsvector(
    ARRAY(SELECT o FROM UNNEST(options) AS o WHERE octet_length(o) < 2000)
    || ('#' || product.category_id)
    || coalesce(recency_groups(product.serial), '{}')
);

CREATE FUNCTION search_document_of(product products) RETURNS tsvector
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    skus text;
    option_values text;
    options text[];
BEGIN
    SELECT string_agg(DISTINCT v.sku, ' '), string_agg(DISTINCT o.value, ' '),
           array_agg(DISTINCT '=' || o.key || '=' || o.value)
    INTO skus, option_values, options
    FROM variants v LEFT JOIN LATERAL jsonb_each_text(v.options) o ON true
    WHERE v.product_id = product.id AND v.archived_at IS NULL;
    RETURN search_document_of(product.name, product.description, option_values, skus)
        || narrowing_of(product, options);
END
$$;

CREATE OR REPLACE FUNCTION refresh_products(ids uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM products WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE products p
    SET lowest_price = d.price, compare_at_price = d.compare_at_price, search_document = d.document
    FROM (
        SELECT p.id, cheapest.price, cheapest.compare_at_price, search_document_of(p) AS document
        FROM products p
        LEFT JOIN LATERAL (
            SELECT v.price, v.compare_at_price
            FROM variants v
            WHERE v.product_id = p.id AND v.archived_at IS NULL
            ORDER BY v.price, v.position, v.id
            LIMIT 1
        ) cheapest ON true
        WHERE p.id = ANY(ids)
    ) d
    WHERE p.id = d.id
      AND (p.lowest_price, p.compare_at_price, p.search_document)
          IS DISTINCT FROM (d.price, d.compare_at_price, d.document);
END
$$;

CREATE OR REPLACE FUNCTION keep_search_document() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- It has no variants yet.
        NEW.serial := nextval('products_serial_seq');
        NEW.search_document := search_document_of(NEW.name, NEW.description, NULL, NULL)
            || narrowing_of(NEW, NULL);
        RETURN NEW;
    END IF;
    IF NEW.serial IS NULL OR NEW.status = 'published'
        AND (OLD.status, OLD.published_at) IS DISTINCT FROM (NEW.status, NEW.published_at) THEN
        NEW.serial := nextval('products_serial_seq');
    END IF;
    NEW.search_document := search_document_of(NEW);
    RETURN NEW;
END
$$;
DROP TRIGGER products_keep_search_document ON products;
CREATE TRIGGER products_keep_search_document BEFORE UPDATE ON products
    FOR EACH ROW WHEN (
        NEW.serial IS NULL
        OR (OLD.name, OLD.description, OLD.category_id, OLD.status, OLD.published_at)
           IS DISTINCT FROM (NEW.name, NEW.description, NEW.category_id, NEW.status, NEW.published_at)
    )
    EXECUTE FUNCTION keep_search_document();

-- What the shop asks is small; compiling a plan takes longer than running it.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
END
$$;

GRANT SELECT ON search_words TO madrush_catalog;
GRANT EXECUTE ON FUNCTION newest_products(bigint) TO madrush_catalog;
