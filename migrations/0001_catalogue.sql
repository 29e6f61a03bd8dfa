-- The catalogue: categories, products with their options and variants, pictures.

CREATE TABLE categories (
    id          uuid PRIMARY KEY,
    parent_id   uuid REFERENCES categories (id),
    slug        text NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    position    integer NOT NULL DEFAULT 0,
    -- Derived from parent_id, which is the truth: the slugs from the root, '/phones/smartphones/'.
    path        text NOT NULL CHECK (path LIKE '/%/'),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (parent_id <> id)
);
CREATE INDEX categories_parent_idx ON categories (parent_id);
-- Prefix search: a category with its descendants.
CREATE INDEX categories_path_idx ON categories (path text_pattern_ops);

CREATE TABLE products (
    id                uuid PRIMARY KEY,
    category_id       uuid NOT NULL REFERENCES categories (id),
    slug              text NOT NULL CONSTRAINT products_slug_key UNIQUE,
    name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    description       text NOT NULL DEFAULT '',
    status            text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published', 'archived')),
    published_at      timestamptz,
    currency          char(3) NOT NULL DEFAULT 'NGN'
                      CHECK (currency IN ('NGN', 'GHS', 'KES', 'ZAR', 'XOF', 'USD')),
    -- The lowest price of a variant on sale, and the compare-at price beside it; kept by a trigger
    -- on variants so that lists can sort and filter by it on an index.
    lowest_price      bigint CHECK (lowest_price > 0),
    compare_at_price  bigint,
    version           bigint NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    search            tsvector NOT NULL GENERATED ALWAYS AS (
                          setweight(to_tsvector('simple', name), 'A')
                          || setweight(to_tsvector('english', name), 'B')
                          || setweight(to_tsvector('english', description), 'C')
                      ) STORED,
    CHECK (status <> 'published' OR published_at IS NOT NULL)
);
CREATE INDEX products_search_idx ON products USING gin (search);
CREATE INDEX products_newest_idx ON products (published_at DESC, id DESC)
    WHERE status = 'published' AND lowest_price IS NOT NULL;
CREATE INDEX products_price_idx ON products (lowest_price, id)
    WHERE status = 'published' AND lowest_price IS NOT NULL;
CREATE INDEX products_name_idx ON products (name COLLATE "C", id)
    WHERE status = 'published' AND lowest_price IS NOT NULL;
CREATE INDEX products_category_idx ON products (category_id, published_at DESC, id DESC)
    WHERE status = 'published' AND lowest_price IS NOT NULL;

CREATE TABLE product_options (
    product_id  uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    position    smallint NOT NULL CHECK (position BETWEEN 0 AND 4),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    option_values text[] NOT NULL CHECK (cardinality(option_values) BETWEEN 1 AND 100),
    PRIMARY KEY (product_id, position),
    CONSTRAINT product_options_name_key UNIQUE (product_id, name)
);

CREATE TABLE variants (
    id                uuid PRIMARY KEY,
    product_id        uuid NOT NULL REFERENCES products (id),
    sku               text NOT NULL CONSTRAINT variants_sku_key UNIQUE,
    -- {"Size": "42", "Colour": "Indigo"}; one variant for each combination.
    options           jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object'),
    price             bigint NOT NULL CHECK (price > 0),
    compare_at_price  bigint CHECK (compare_at_price > price),
    currency          char(3) NOT NULL DEFAULT 'NGN'
                      CHECK (currency IN ('NGN', 'GHS', 'KES', 'ZAR', 'XOF', 'USD')),
    weight_grams      integer NOT NULL DEFAULT 0 CHECK (weight_grams >= 0),
    position          integer NOT NULL DEFAULT 0,
    -- Archived, not deleted, once ordered.
    archived_at       timestamptz,
    version           bigint NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT variants_combination_key UNIQUE (product_id, options)
);
CREATE INDEX variants_options_idx ON variants USING gin (options jsonb_path_ops);

CREATE TABLE product_images (
    id          uuid PRIMARY KEY,
    product_id  uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    position    integer NOT NULL DEFAULT 0,
    url         text NOT NULL CHECK (url ~ '^https?://'),
    alt         text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX product_images_product_idx ON product_images (product_id, position);

CREATE FUNCTION keep_lowest_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE products
    SET (lowest_price, compare_at_price) = (
        SELECT v.price, v.compare_at_price
        FROM variants v
        WHERE v.product_id = products.id AND v.archived_at IS NULL
        UNION ALL
        SELECT NULL, NULL
        ORDER BY 1 NULLS LAST
        LIMIT 1
    )
    WHERE id = coalesce(NEW.product_id, OLD.product_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER variants_keep_lowest_price
    AFTER INSERT OR DELETE OR UPDATE OF price, compare_at_price, archived_at, product_id ON variants
    FOR EACH ROW EXECUTE FUNCTION keep_lowest_price();
