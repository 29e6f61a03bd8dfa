-- Bounds that the server keeps, so that no client has to drop a transaction in order to be bounded
-- (design/data.md, "Never drop a future that holds a transaction"). They hold for new sessions.

DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '10s');
    EXECUTE format('ALTER DATABASE %I SET lock_timeout = %L', current_database(), '5s');
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '15s');
    EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = %L', current_database(), '20min');
END
$$;
