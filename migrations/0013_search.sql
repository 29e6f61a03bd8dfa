-- Search that forgives accents, unfinished words and small misspellings, and that finds SKUs and the
-- values of options. What a product is found by stands in products.search_document; triggers keep it in
-- the transaction that changes the product or its variants. The generated column `search` and its index
-- go in the release after this one. Rows that exist are filled in by 0020, the index is made by 0021.

-- Both are trusted: whoever owns the database may make them, on RDS too.
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

ALTER TABLE products
    ADD COLUMN search_document tsvector,
    -- Whether the shop tells how many pieces there are, and not only whether there are any.
    ADD COLUMN show_quantity boolean NOT NULL DEFAULT false;
-- How many products have a word decides how they are looked for.
ALTER TABLE products ALTER COLUMN search_document SET STATISTICS 1000;

-- Words without accents, capitals and punctuation, a space between them: 'Ọ̀fì "T-shirt"' is 'ofi t shirt',
-- 'men''s' is 'mens'. unaccent() depends on a dictionary and is therefore not IMMUTABLE by itself; this
-- names the dictionary, which is changed by nobody. It runs as its owner: what comes with an extension is
-- granted to nobody else (0010).
CREATE FUNCTION folded(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF octet_length(words) > length(words) THEN
        words := regexp_replace(normalize(words, NFKD), U&'[\0300-\036F\2019]', '', 'g');
        words := unaccent('public.unaccent', words);
    END IF;
    RETURN btrim(lower(regexp_replace(replace(words, '''', ''), '[^[:alnum:]]+', ' ', 'g')));
END
$$;

-- Weights for ranking: A the words of the name, B their stems and the options' values, C the stems of
-- the description, D the SKUs. Unstemmed words are what an unfinished word is the beginning of.
CREATE FUNCTION search_document_of(name text, description text, option_values text, skus text)
RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
DECLARE
    plain_name text := folded(name);
    plain_values text := coalesce(folded(option_values), '');
BEGIN
    RETURN setweight(to_tsvector('simple', plain_name), 'A')
        || setweight(to_tsvector('english', plain_name), 'B')
        || setweight(to_tsvector('simple', plain_values), 'B')
        || setweight(to_tsvector('english', plain_values), 'B')
        || setweight(to_tsvector('english', folded(description)), 'C')
        || setweight(to_tsvector('simple', coalesce(folded(skus), '')), 'D');
END
$$;

-- The words that customers can be corrected to: those of published products, from the time at which they
-- are published. Words with digits are nobody's misspelling. Nothing here is unique: two transactions
-- that bring the same new word do not wait for each other, and a word that stands here twice is known.
CREATE TABLE search_words (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word       text COLLATE "C" NOT NULL CHECK (word <> ''),
    known_from timestamptz NOT NULL
);
CREATE INDEX search_words_word_idx ON search_words (word, known_from);
CREATE INDEX search_words_trigrams_idx ON search_words USING gin (word gin_trgm_ops);

-- From when on customers see what is published at a time. What is past for long enough that no open
-- transaction began before it (0007 bounds them) is past for everybody, and needs no time of its own.
CREATE FUNCTION seen_from(published_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN published_at < now() - interval '1 minute' THEN '-infinity' ELSE published_at END;

-- Learns the words of texts, each with the time from which it is seen.
CREATE FUNCTION learn_words(texts text[], seen timestamptz[]) RETURNS void
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    INSERT INTO search_words (word, known_from)
    SELECT found.word, min(found.known_from)
    FROM (
        SELECT DISTINCT w.word COLLATE "C" AS word, t.known_from
        FROM UNNEST(texts, seen) AS t (words, known_from),
             LATERAL string_to_table(folded(t.words), ' ') AS w (word)
        WHERE w.word ~ '^[[:alpha:]]{3,40}$'
    ) found
    WHERE NOT EXISTS (
        SELECT FROM search_words k WHERE k.word = found.word AND k.known_from <= found.known_from
    )
    GROUP BY found.word
$$;

-- Brings what is derived of products from their variants up to date: the lowest price, and what they are
-- found by. The rows are locked first, in one order, so that the statement after it sees every change of
-- their variants that was committed before, and that two of these never wait for each other in a circle.
CREATE FUNCTION refresh_products(ids uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM products WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE products p
    SET lowest_price = d.price, compare_at_price = d.compare_at_price, search_document = d.document
    FROM (
        SELECT p.id, cheapest.price, cheapest.compare_at_price,
               search_document_of(p.name, p.description, said.option_values, said.skus) AS document
        FROM products p
        LEFT JOIN LATERAL (
            SELECT v.price, v.compare_at_price
            FROM variants v
            WHERE v.product_id = p.id AND v.archived_at IS NULL
            ORDER BY v.price, v.position, v.id
            LIMIT 1
        ) cheapest ON true
        CROSS JOIN LATERAL (
            SELECT string_agg(v.sku, ' ' ORDER BY v.position, v.id) AS skus,
                   (SELECT string_agg(DISTINCT o.value, ' ')
                    FROM variants v, jsonb_each_text(v.options) o
                    WHERE v.product_id = p.id AND v.archived_at IS NULL) AS option_values
            FROM variants v
            WHERE v.product_id = p.id AND v.archived_at IS NULL
        ) said
        WHERE p.id = ANY(ids)
    ) d
    WHERE p.id = d.id
      AND (p.lowest_price, p.compare_at_price, p.search_document)
          IS DISTINCT FROM (d.price, d.compare_at_price, d.document);
END
$$;

-- The words of products that are published.
CREATE FUNCTION learn_products(ids uuid[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT learn_words(array_agg(said.words), array_agg(seen_from(p.published_at)))
    FROM products p
    CROSS JOIN LATERAL (
        SELECT concat_ws(' ', p.name, p.description, (
            SELECT string_agg(DISTINCT o.value, ' ')
            FROM variants v, jsonb_each_text(v.options) o
            WHERE v.product_id = p.id AND v.archived_at IS NULL
        )) AS words
    ) said
    WHERE p.id = ANY(ids) AND p.status = 'published'
$$;

-- A product's own words. A new one has no variants yet.
CREATE FUNCTION keep_search_document() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    skus text;
    option_values text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT string_agg(v.sku, ' ' ORDER BY v.position, v.id) INTO skus
        FROM variants v
        WHERE v.product_id = NEW.id AND v.archived_at IS NULL;
        SELECT string_agg(DISTINCT o.value, ' ') INTO option_values
        FROM variants v, jsonb_each_text(v.options) o
        WHERE v.product_id = NEW.id AND v.archived_at IS NULL;
    END IF;
    NEW.search_document := search_document_of(NEW.name, NEW.description, option_values, skus);
    RETURN NEW;
END
$$;
CREATE TRIGGER products_keep_search_document_of_new BEFORE INSERT ON products
    FOR EACH ROW EXECUTE FUNCTION keep_search_document();
CREATE TRIGGER products_keep_search_document BEFORE UPDATE ON products
    FOR EACH ROW WHEN ((OLD.name, OLD.description) IS DISTINCT FROM (NEW.name, NEW.description))
    EXECUTE FUNCTION keep_search_document();

CREATE FUNCTION learn_words_of_products() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ids uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id) INTO ids FROM new_rows WHERE status = 'published';
    ELSE
        SELECT array_agg(n.id) INTO ids
        FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.status = 'published'
          AND (n.status, n.name, n.description, n.published_at)
              IS DISTINCT FROM (o.status, o.name, o.description, o.published_at);
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM learn_products(ids);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_learn_new_words AFTER INSERT ON products
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION learn_words_of_products();
CREATE TRIGGER products_learn_words AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION learn_words_of_products();

-- Once for a statement, however many variants it changes. (The former trigger on variants changed the
-- product once for each row, and could keep the price of a variant that another transaction was just
-- archiving.)
CREATE FUNCTION keep_products_of_variants() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ids uuid[];
    said uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT product_id), array_agg(DISTINCT product_id) FILTER (WHERE options <> '{}')
        INTO ids, said
        FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT product_id) INTO ids FROM old_rows;
    ELSE
        SELECT array_agg(DISTINCT product.id),
               array_agg(DISTINCT product.id) FILTER (WHERE n.options IS DISTINCT FROM o.options)
        INTO ids, said
        FROM old_rows o FULL JOIN new_rows n USING (id),
             UNNEST(ARRAY[o.product_id, n.product_id]) AS product (id)
        WHERE (o.product_id, o.sku, o.options, o.price, o.compare_at_price, o.archived_at)
              IS DISTINCT FROM (n.product_id, n.sku, n.options, n.price, n.compare_at_price, n.archived_at);
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM refresh_products(ids);
    END IF;
    IF said IS NOT NULL THEN
        PERFORM learn_products(said);
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER variants_keep_lowest_price ON variants;
DROP FUNCTION keep_lowest_price();
CREATE TRIGGER variants_keep_products_of_new AFTER INSERT ON variants
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_products_of_variants();
CREATE TRIGGER variants_keep_products_of_former AFTER DELETE ON variants
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_products_of_variants();
CREATE TRIGGER variants_keep_products AFTER UPDATE ON variants
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_products_of_variants();

-- What is known that resembles words which are not: for each such word the known words that share enough
-- of its trigrams, the likest first. The caller decides whether one of them was meant. A word that is
-- known, or is the beginning of a known one where it may be unfinished, is not in the answer; nor is one
-- of fewer than four letters or with a digit.
CREATE FUNCTION resembling_words(words text[], last_is_unfinished boolean)
RETURNS TABLE (word text, resembling text, likeness real)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET pg_trgm.similarity_threshold = 0.2 AS $$
    SELECT asked.word, near.word, near.likeness
    FROM UNNEST(words) WITH ORDINALITY AS asked (word, place)
    CROSS JOIN LATERAL (
        SELECT k.word, similarity(k.word, asked.word) AS likeness
        FROM search_words k
        WHERE k.word % asked.word AND k.known_from <= now()
          AND abs(length(k.word) - length(asked.word)) <= 3
        GROUP BY k.word
        ORDER BY likeness DESC, k.word
        LIMIT 40
    ) near
    WHERE asked.word ~ '^[[:alpha:]]{4,40}$'
      AND NOT EXISTS (SELECT FROM search_words k WHERE k.word = asked.word AND k.known_from <= now())
      AND NOT (last_is_unfinished AND asked.place = cardinality(words) AND EXISTS (
          SELECT FROM search_words k
          WHERE k.word >= asked.word COLLATE "C" AND k.word < asked.word || U&'\+10FFFF' COLLATE "C"
            AND k.known_from <= now()
      ))
    ORDER BY asked.place, near.likeness DESC, near.word
$$;

GRANT EXECUTE ON FUNCTION folded(text), resembling_words(text[], boolean), refresh_products(uuid[]),
    learn_products(uuid[]) TO madrush_catalog;
