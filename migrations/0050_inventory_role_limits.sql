-- What holds for the inventory's role in this database, as 0011 says it for the others. A copy of the
-- database does not have it.
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO madrush_inventory', current_database());
    EXECUTE format('ALTER ROLE madrush_inventory IN DATABASE %I SET idle_session_timeout = %L',
                   current_database(), '2min');
END
$$;
