-- A list that goes on must go on with the same products and those that came since, so what it is narrowed
-- to is named by where it begins, and not by how many there are.

-- The newest serial that was given.
CREATE FUNCTION newest_serial() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM products_serial_seq
$$;

-- The products from a serial on, and some before it: four to sixteen groups (0040) and the one that is not
-- full yet. What it names grows with time and loses nothing.
CREATE FUNCTION products_since(serial bigint) RETURNS tsquery
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    newest bigint := newest_serial();
    size integer := 10;
    groups text;
BEGIN
    WHILE size < 18 AND (newest - serial) >> (size + 2) >= 4 LOOP
        size := size + 2;
    END LOOP;
    SELECT string_agg(format('''@%s.%s''', size, n), ' | ') INTO groups
    FROM generate_series(greatest(serial, 0) >> size, newest >> size) n;
    RETURN groups::tsquery;
END
$$;
DROP FUNCTION newest_products(bigint);
GRANT EXECUTE ON FUNCTION newest_serial(), products_since(bigint) TO madrush_catalog;
