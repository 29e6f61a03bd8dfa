-- A search asks for stems, so the parts of SKUs must be found by theirs: 'ADIRE-207' by 'adir'.
CREATE OR REPLACE FUNCTION search_document_of(name text, description text, option_values text, skus text)
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
        || setweight(to_tsvector('english', coalesce(folded(skus), '')), 'D');
END
$$;
