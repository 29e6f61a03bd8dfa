//! Who may come in, and under which limits. What each role may do is held against the statements by
//! tests/tests/house/grants.rs.

use sqlx::{Connection as _, PgConnection};

use crate::DatabaseError;
use crate::roles::ROLES;
use crate::testing::TestDatabase;

async fn as_area(db: &TestDatabase, area: &str) -> PgConnection {
    PgConnection::connect(&db.url_as(area))
        .await
        .expect("the role may log in")
}

#[tokio::test]
async fn every_role_comes_in_under_the_servers_limits() {
    let db = TestDatabase::create().await;
    for role in ROLES {
        let limits: (String, String, String, String, String) = sqlx::query_as(
            "SELECT current_user::text, current_setting('statement_timeout'),
                    current_setting('lock_timeout'),
                    current_setting('idle_in_transaction_session_timeout'),
                    current_setting('idle_session_timeout')",
        )
        .fetch_one(&mut as_area(&db, role.area).await)
        .await
        .unwrap();
        let (user, statement, lock, transaction, session) = limits;
        assert_eq!(user, role.name);
        assert_eq!(
            [statement, lock, transaction, session],
            ["10s", "5s", "15s", "2min"]
        );
    }
}

#[tokio::test]
async fn no_role_may_more_than_log_in() {
    let db = TestDatabase::create().await;
    let names: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
    let with_more: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles r
         WHERE rolname = ANY($1)
           AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                OR NOT rolcanlogin
                OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid)
                OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
                OR EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid))",
    )
    .bind(&names)
    .fetch_all(&mut db.connect().await)
    .await
    .unwrap();
    assert!(with_more.is_empty(), "{with_more:?}");
}

/// Every privilege in the database that everybody has: of the database itself, of the schema, of
/// what is in it. An ACL that was never set stands for Postgres' defaults.
const OF_EVERYBODY: &str = "
    WITH acls (what, acl) AS (
        SELECT 'database', coalesce(datacl, acldefault('d', datdba)) FROM pg_database
        WHERE datname = current_database()
        UNION ALL
        SELECT 'schema ' || nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
        WHERE nspname = 'public'
        UNION ALL
        SELECT 'relation ' || relname,
               coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", relowner))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'S')
        UNION ALL
        SELECT 'function ' || proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    )
    SELECT what || ': ' || privilege_type FROM acls, aclexplode(acl) WHERE grantee = 0";

#[tokio::test]
async fn nobody_has_what_postgres_gives_to_everybody() {
    let db = TestDatabase::create().await;
    let mut owner = db.connect().await;
    // A function that comes later has no default either.
    sqlx::raw_sql("CREATE FUNCTION later() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        .execute(&mut owner)
        .await
        .unwrap();
    let left: Vec<String> = sqlx::query_scalar(OF_EVERYBODY)
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_is_not_granted_is_refused() {
    let db = TestDatabase::create().await;
    let attempts = [
        ("catalog", "UPDATE audit_log SET actor = 'x'"),
        ("catalog", "UPDATE stock_levels SET on_hand = 1000"),
        ("catalog", "SELECT customer FROM orders"),
        ("inventory", "UPDATE products SET name = 'x'"),
        ("inventory", "DELETE FROM stock_movements"),
        ("catalog", "CREATE TABLE mine (id integer)"),
        ("catalog", "CREATE TEMPORARY TABLE mine (id integer)"),
        ("orders", "UPDATE orders SET total = 1, subtotal = 1"),
        ("orders", "UPDATE stock_levels SET on_hand = 1000"),
        ("orders", "SELECT amount FROM refunds"),
        ("payments", "UPDATE payments SET amount = 1"),
        ("payments", "DELETE FROM payment_events"),
        ("notifications", "SELECT customer FROM orders"),
        ("operations", "SELECT customer FROM orders"),
        ("operations", "SELECT version FROM _sqlx_migrations"),
        ("operations", "TRUNCATE outbox"),
    ];
    for (area, statement) in attempts {
        let mut connection = as_area(&db, area).await;
        let refusal = sqlx::query(statement).execute(&mut connection).await;
        let code = refusal.unwrap_err().into_database_error().unwrap();
        assert_eq!(code.code().as_deref(), Some("42501"), "{area}: {statement}");
    }
}

/// The rule looks at what was captured and refunded; who asks for a refund need not be able to.
#[tokio::test]
async fn a_rule_that_a_trigger_keeps_holds_for_whoever_writes() {
    let db = TestDatabase::create().await;
    sqlx::raw_sql(
        "SET session_replication_role = replica;
         INSERT INTO payments (id, order_id, reference, channel, status, amount, currency, captured_amount,
                               received_amount, created_at, expires_at)
         VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002', 'r', 'card',
                 'paid', 100, 'NGN', 100, 100, now(), now());
         INSERT INTO orders (id, number, payment_status, channel, currency, subtotal, delivery, tax,
                             vat_basis_points, total, customer, delivery_address, delivery_state, email_index,
                             phone_index, placed_at, expires_at)
         VALUES ('00000000-0000-0000-0000-000000000002', 'n', 'paid', 'card', 'NGN', 100, 0, 0, 0, 100, '', '',
                 'Lagos', '', '', now(), now())",
    )
    .execute(&mut db.connect().await)
    .await
    .unwrap();
    let mut orders = as_area(&db, "orders").await;
    let mut refund = async |amount: i64, reason: &str| {
        sqlx::query(
            "INSERT INTO refunds (id, payment_id, order_id, amount, currency, reason, requested_at)
             VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001',
                     '00000000-0000-0000-0000-000000000002', $1, 'NGN', $2, now())",
        )
        .bind(amount)
        .bind(reason)
        .execute(&mut orders)
        .await
        .map_err(DatabaseError::from)
    };
    let refused = refund(101, "late").await.unwrap_err();
    assert_eq!(refused.constraint(), Some("refunds_never_exceed_payment"));
    refund(60, "late").await.unwrap();
    let refused = refund(41, "staff").await.unwrap_err();
    assert_eq!(refused.constraint(), Some("refunds_never_exceed_payment"));
    refund(40, "staff").await.unwrap();
}
