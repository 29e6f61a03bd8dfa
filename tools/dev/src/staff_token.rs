//! `cargo dev staff-token`: access for a member of staff until they can sign in.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::{Permission, StaffMember};
use edge::{Lifetime, StaffAccess};

use crate::environment::Settings;
use crate::workspace::Workspace;

/// Whose token, for what, how long.
#[derive(Debug, Args)]
pub(crate) struct StaffToken {
    /// What it permits; several times, or several with commas (default: everything, as for an owner)
    #[arg(long = "permission", value_name = "WORD", value_delimiter = ',', value_parser = permissions())]
    permissions: Vec<Permission>,
    /// The sign under which decisions are recorded: letters, digits, '.', '_', '-'; never a person's name
    #[arg(long = "as", value_name = "SIGN", default_value = "developer")]
    member: StaffMember,
    /// How long it counts
    #[arg(long, value_name = "HOURS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=24))]
    hours: u32,
}

fn permissions() -> impl TypedValueParser<Value = Permission> {
    let words = Permission::ALL.iter().map(|permission| permission.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse())
}

impl StaffToken {
    /// The token, signed with `JWT_SECRET_KEY`.
    pub(crate) fn make(&self, workspace: &Workspace) -> anyhow::Result<String> {
        let access = Settings::load(workspace)?.read(StaffAccess::read)?;
        let access = access.ok_or_else(|| anyhow::anyhow!("JWT_SECRET_KEY is missing"))?;
        Ok(self.sign(&access)?)
    }

    fn sign(&self, access: &StaffAccess) -> Result<String, edge::LifetimeError> {
        let permissions = match self.permissions.as_slice() {
            [] => Permission::ALL,
            chosen => chosen,
        };
        let lifetime = Lifetime::minutes(self.hours.saturating_mul(60))?;
        Ok(access.issue(&self.member, permissions, lifetime))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        token: StaffToken,
    }

    fn claims(arguments: &[&str]) -> Value {
        let line = ["staff-token"].iter().chain(arguments);
        let asked = Line::try_parse_from(line).unwrap().token;
        let key = "k1:dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdCB0b2tlbnM=";
        let access = settings::read_from(|_| Some(key.to_owned()), StaffAccess::read);
        let token = asked.sign(&access.unwrap().unwrap()).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }

    #[test]
    fn without_a_word_it_is_an_owners_for_a_working_day() {
        let claims = claims(&[]);
        assert_eq!(
            claims["permissions"].as_array().unwrap().len(),
            Permission::ALL.len()
        );
        assert_eq!(
            (&claims["sub"], &claims["aud"]),
            (&json!("developer"), &json!("staff"))
        );
        let seconds = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(seconds, 8 * 3_600);
    }

    #[test]
    fn it_permits_what_is_asked_for_under_the_sign_that_is_given() {
        let claims = claims(&[
            "--permission",
            "read_operations,write_operations",
            "--permission",
            "read_orders",
            "--as",
            "ada",
            "--hours",
            "1",
        ]);
        assert_eq!(
            claims["permissions"],
            json!(["read_operations", "write_operations", "read_orders"])
        );
        assert_eq!(claims["sub"], "ada");
    }

    #[test]
    fn silly_wishes_are_refused() {
        for silly in [
            ["--hours", "0"],
            ["--hours", "25"],
            ["--hours", "1.5"],
            ["--permission", "write_everything"],
            ["--as", "Ada Obi"],
            ["--as", ""],
        ] {
            let line = ["staff-token"].iter().chain(&silly);
            assert!(Line::try_parse_from(line).is_err(), "{silly:?}");
        }
    }
}
