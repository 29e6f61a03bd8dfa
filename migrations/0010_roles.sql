-- Who may do what: each area of functions/ logs in as a role of its own, which may do exactly what that
-- area's statements do. tests/tests/house/grants.rs holds these lines against the statements, both ways.
--
-- Reading, adding and removing are granted by table. Changing is granted by column: what a row was made
-- with (an order's total, the reference of a payment, what lies on a shelf) no function can change.
-- Nobody may do anything that is not written here: a table without a line belongs to its owner alone.

-- Roles are the cluster's, not the database's: another database may have made them, or be making them at
-- this moment. The owner who migrates need not be a superuser (on RDS there is none), but may make roles.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['madrush_catalog', 'madrush_orders', 'madrush_payments',
                                'madrush_notifications', 'madrush_operations'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
            RAISE EXCEPTION 'the role % is missing, and % may not make roles', role, current_user
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Migrate as a role with CREATEROLE, or have the roles of migrations/0010_roles.sql made.';
        END IF;
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Another database made it just now.
        END;
    END LOOP;
END
$$;

-- What Postgres gives to everybody by default, nobody has.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO madrush_catalog, madrush_orders, madrush_payments, madrush_notifications, madrush_operations;

-- What a trigger does to keep a rule, it does as the owner: the rule holds whoever writes, and who writes
-- needs no right to what the rule looks at. Foreign keys are kept in the same way by Postgres itself.
ALTER FUNCTION keep_lowest_price() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION refuse_refund_above_payment() SECURITY DEFINER SET search_path = public, pg_temp;

-- The catalogue is read.
GRANT SELECT ON categories, products, product_options, variants, product_images, locations, stock_levels
    TO madrush_catalog;

-- Orders are placed, paid for at the provider, and expire.
GRANT SELECT ON products, variants, delivery_rates, locations TO madrush_orders;
GRANT SELECT, UPDATE (reserved, updated_at) ON stock_levels TO madrush_orders;
GRANT INSERT ON stock_movements TO madrush_orders;
GRANT SELECT, INSERT, UPDATE (quantity, status, updated_at) ON stock_reservations TO madrush_orders;
GRANT SELECT, INSERT, UPDATE (status, payment_status, version, expires_at, paid_at, updated_at) ON orders
    TO madrush_orders;
GRANT SELECT, INSERT ON order_lines, order_events TO madrush_orders;
GRANT SELECT, INSERT,
      UPDATE (status, authorization_url, bank_account, ussd_code, initialising_until, captured_amount,
              received_amount, surplus_amount, provider_transaction_id, paid_at, updated_at) ON payments
    TO madrush_orders;
GRANT SELECT, INSERT ON payment_events, unmatched_payments TO madrush_orders;
GRANT INSERT ON refunds TO madrush_orders;
GRANT SELECT, INSERT, UPDATE (status, body) ON idempotency_keys TO madrush_orders;
GRANT SELECT, INSERT ON notifications, inbox, outbox, dead_messages TO madrush_orders;
GRANT INSERT ON activity TO madrush_orders;

-- Payments are started, followed, settled and given back; what they pay for follows them.
GRANT SELECT ON order_lines, locations TO madrush_payments;
GRANT SELECT, UPDATE (reserved, updated_at) ON stock_levels TO madrush_payments;
GRANT INSERT ON stock_movements TO madrush_payments;
GRANT SELECT, INSERT, UPDATE (quantity, status, updated_at) ON stock_reservations TO madrush_payments;
GRANT SELECT, UPDATE (status, payment_status, version, expires_at, paid_at, updated_at) ON orders
    TO madrush_payments;
GRANT INSERT ON order_events TO madrush_payments;
GRANT SELECT, INSERT,
      UPDATE (status, authorization_url, bank_account, ussd_code, initialising_until, captured_amount,
              received_amount, surplus_amount, provider_transaction_id, paid_at, updated_at) ON payments
    TO madrush_payments;
GRANT SELECT, INSERT ON payment_events, unmatched_payments TO madrush_payments;
GRANT SELECT, INSERT, UPDATE (status, provider_id, updated_at) ON refunds TO madrush_payments;
GRANT SELECT, INSERT, UPDATE (times) ON webhook_inbox TO madrush_payments;
GRANT SELECT, INSERT, UPDATE (status, body) ON idempotency_keys TO madrush_payments;
GRANT SELECT, INSERT ON notifications, inbox, outbox, dead_messages TO madrush_payments;
GRANT INSERT ON activity TO madrush_payments;

-- Messages to people are sent.
GRANT SELECT, UPDATE (status, attempts, sending_since, provider_message_id, error, sent_at) ON notifications
    TO madrush_notifications;
GRANT SELECT, INSERT ON outbox, dead_messages TO madrush_notifications;

-- The outbox is published, the broker's dead letters are put aside; staff decide about messages that
-- could not be worked.
GRANT SELECT, INSERT, DELETE, UPDATE (available_at, claimed_until, due_at) ON outbox TO madrush_operations;
GRANT SELECT, INSERT, UPDATE (resolution, resolved_at, resolved_by, resolution_reason) ON dead_messages
    TO madrush_operations;
