-- What holds for the areas' roles in this database, beside the limits of 0007, which hold for everybody.
-- Like those, these are the database's own: a copy of it does not have them.

DO $$
DECLARE
    role text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    FOREACH role IN ARRAY ARRAY['madrush_catalog', 'madrush_orders', 'madrush_payments',
                                'madrush_notifications', 'madrush_operations'] LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
        -- A function takes no connection up again that was idle for a minute (shared/database/src/pool.rs);
        -- those of frozen instances and of a version that was replaced make room (docs/connections.md).
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET idle_session_timeout = %L',
                       role, current_database(), '2min');
    END LOOP;
END
$$;
