-- Staff change the catalogue: products with their options and variants, and the tree of categories.

-- Whoever changes the shape of the tree holds its one row: two moves at a time could each be right and
-- together make a circle. Such changes are rare, and customers who read the tree wait for nobody.
CREATE TABLE category_tree (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO category_tree DEFAULT VALUES;

-- A path is the parent's path and the own slug. As a path is longer than that of the category above it,
-- this alone makes a circle impossible. The row above is locked, so that it cannot get another path
-- before this change is committed: the rule holds between transactions too, whatever the code does.
CREATE FUNCTION refuse_broken_path() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    above text := '/';
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT path INTO above FROM categories WHERE id = NEW.parent_id FOR SHARE;
    END IF;
    IF NEW.path IS DISTINCT FROM above || NEW.slug || '/' OR EXISTS (
        SELECT FROM categories c WHERE c.parent_id = NEW.id AND c.path <> NEW.path || c.slug || '/'
    ) THEN
        RAISE EXCEPTION 'the path % does not follow from the category above it', NEW.path
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'categories_path_follows_parent';
    END IF;
    RETURN NULL;
END
$$;
-- At the end of the statement: a subtree is moved by one.
CREATE TRIGGER categories_path_follows_parent
    AFTER INSERT OR UPDATE OF parent_id, slug, path ON categories
    FOR EACH ROW EXECUTE FUNCTION refuse_broken_path();

-- At most eight levels. Rows that are there already are looked at by 0032.
ALTER TABLE categories ADD CONSTRAINT categories_depth_check
    CHECK (length(path) - length(replace(path, '/', '')) <= 9) NOT VALID;

GRANT SELECT, UPDATE (changed_at) ON category_tree TO madrush_catalog;
GRANT INSERT, DELETE, UPDATE (parent_id, slug, name, position, path, version, updated_at) ON categories
    TO madrush_catalog;
GRANT INSERT, UPDATE (category_id, slug, name, description, status, published_at, currency, show_quantity,
                      version, updated_at) ON products
    TO madrush_catalog;
GRANT INSERT, DELETE ON product_options TO madrush_catalog;
GRANT INSERT, UPDATE (sku, options, price, compare_at_price, currency, weight_grams, position, archived_at,
                      version, updated_at) ON variants
    TO madrush_catalog;
-- What they have changed is announced; what cannot be worked is put aside for them.
GRANT SELECT, INSERT ON outbox, inbox, dead_messages TO madrush_catalog;
GRANT INSERT ON activity TO madrush_catalog;
-- Rows of the counts are locked while they are merged (sync-product).
GRANT UPDATE (delta) ON category_counts TO madrush_catalog;
