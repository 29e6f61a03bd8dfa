//! The roles that functions log in as, one for each area of `functions/`, and their passwords.
//!
//! What a role may do is granted by migrations/0010; here is only who they are, and how the owner
//! gives them the passwords that the secrets hold.

use postgres_protocol::password::scram_sha_256;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, PgConnection};

/// The role of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The folder under `functions/`.
    pub area: &'static str,
    /// Its name in Postgres.
    pub name: &'static str,
    /// The setting that gives it a password when migrations are applied.
    pub password_setting: &'static str,
}

/// Every area's role, as migrations/0010 and 0015 make them.
pub const ROLES: [Role; 6] = [
    Role {
        area: "catalog",
        name: "madrush_catalog",
        password_setting: "CATALOG_DATABASE_PASSWORD",
    },
    Role {
        area: "orders",
        name: "madrush_orders",
        password_setting: "ORDERS_DATABASE_PASSWORD",
    },
    Role {
        area: "payments",
        name: "madrush_payments",
        password_setting: "PAYMENTS_DATABASE_PASSWORD",
    },
    Role {
        area: "notifications",
        name: "madrush_notifications",
        password_setting: "NOTIFICATIONS_DATABASE_PASSWORD",
    },
    Role {
        area: "operations",
        name: "madrush_operations",
        password_setting: "OPERATIONS_DATABASE_PASSWORD",
    },
    Role {
        area: "inventory",
        name: "madrush_inventory",
        password_setting: "INVENTORY_DATABASE_PASSWORD",
    },
];

/// Passwords for some of the roles, or for all.
#[derive(Debug, Clone, Default)]
pub struct RolePasswords {
    given: Vec<(Role, SecretString)>,
}

impl RolePasswords {
    /// Reads each role's setting; absent, the role keeps the password it has, or none.
    pub fn read(env: &mut settings::Env) -> Self {
        let read = |role: Role| {
            let password = env.optional(role.password_setting)?;
            Some((role, SecretString::from(password)))
        };
        Self {
            given: ROLES.into_iter().filter_map(read).collect(),
        }
    }

    /// The names of the roles that get a password.
    pub fn roles(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.given.iter().map(|(role, _)| role.name)
    }

    /// Gives them to the roles: to all, or to none. The server is sent what it keeps anyway (RFC 5803:
    /// salted hashes), so that no log of its statements ever holds a password. Sessions go on.
    pub(crate) async fn set(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.given.is_empty() {
            return Ok(());
        }
        // One message is one transaction. The lock: of two changes of one role at the same time Postgres
        // refuses the second, instead of making it wait.
        let mut statements = "SELECT pg_advisory_xact_lock(7010);".to_owned();
        statements.extend(self.given.iter().map(statement));
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// A verifier is made of base64, `$` and `:`; there is nothing in it to be quoted.
fn statement((role, password): &(Role, SecretString)) -> String {
    let verifier = scram_sha_256(password.expose_secret().as_bytes());
    format!("ALTER ROLE {} PASSWORD '{verifier}';", role.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_is_sent_holds_no_password_and_nothing_to_be_quoted() {
        for password in ["hunter2", "it's; DROP ROLE \\ \" $1", "ọ̀rọ̀ aṣínà", "\u{1}"] {
            let sent = statement(&(ROLES[0], SecretString::from(password)));
            assert!(!sent.contains(password), "{sent}");
            let start = "ALTER ROLE madrush_catalog PASSWORD 'SCRAM-SHA-256$4096:";
            assert!(sent.starts_with(start) && sent.ends_with("';"), "{sent}");
            assert_eq!(sent.matches('\'').count(), 2, "{sent}");
            assert_eq!(sent.matches(';').count(), 1, "{sent}");
        }
    }

    #[test]
    fn passwords_do_not_print() {
        let passwords = RolePasswords {
            given: vec![(ROLES[1], SecretString::from("hunter2"))],
        };
        assert!(!format!("{passwords:?}").contains("hunter2"));
    }

    #[test]
    fn only_roles_whose_setting_is_there_get_a_password() {
        let lookup = |name: &str| (name == "ORDERS_DATABASE_PASSWORD").then(|| "p".to_owned());
        let passwords = settings::read_from(lookup, RolePasswords::read).expect("all optional");
        assert_eq!(passwords.roles().collect::<Vec<_>>(), ["madrush_orders"]);
    }
}
