use std::fmt;

use secrecy::SecretString;
use settings::Env;
use url::Url;

/// Where the bucket is and who we are to it. Secrets do not print.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// `STORAGE_BUCKET`.
    pub bucket: String,
    /// `AWS_REGION`, which Lambda gives.
    pub region: String,
    /// `STORAGE_ENDPOINT`, or for browsers `STORAGE_PUBLIC_ENDPOINT`: a server that is addressed by path.
    /// Absent on AWS, where both reach the bucket at its own address.
    pub endpoint: Option<Url>,
    /// The credentials, which Lambda gives and which are those of the function's role.
    pub credentials: Credentials,
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    pub(crate) session_token: Option<SecretString>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl StorageSettings {
    /// Reads the settings for calls of our own; what is missing or malformed is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        Self::read_at(env, "STORAGE_ENDPOINT")
    }

    /// Reads the settings for addresses that browsers are given. They are two settings because who only
    /// signs reaches nothing, and is let into no network for it.
    pub fn read_for_browsers(env: &mut Env) -> Self {
        Self::read_at(env, "STORAGE_PUBLIC_ENDPOINT")
    }

    fn read_at(env: &mut Env, place: &'static str) -> Self {
        Self {
            bucket: bucket(env),
            region: env.required("AWS_REGION"),
            endpoint: endpoint(env, place),
            credentials: Credentials {
                access_key_id: env.required("AWS_ACCESS_KEY_ID"),
                secret_access_key: env.secret("AWS_SECRET_ACCESS_KEY"),
                session_token: env.optional("AWS_SESSION_TOKEN").map(SecretString::from),
            },
        }
    }
}

/// S3's rule for names, without the dots: with one, the certificate of the bucket's own address does
/// not cover it.
fn bucket(env: &mut Env) -> String {
    let bucket = env.required("STORAGE_BUCKET");
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let usable = (3..=63).contains(&bucket.len()) && bucket.bytes().all(plain);
    // One that is missing has been noted as missing.
    if !usable && !bucket.is_empty() {
        env.problem(
            "STORAGE_BUCKET",
            "must have 3 to 63 lower-case letters, digits and hyphens",
        );
    }
    bucket
}

fn endpoint(env: &mut Env, place: &'static str) -> Option<Url> {
    let endpoint = env.parsed::<Url>(place)?;
    if is_plain_base(&endpoint) {
        return Some(endpoint);
    }
    env.problem(
        place,
        "must be an http or https address without user, query and fragment",
    );
    None
}

/// An address that something can be appended to.
pub(crate) fn is_plain_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        pairs: &'static [(&'static str, &'static str)],
    ) -> Result<StorageSettings, Vec<&'static str>> {
        let lookup = move |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        settings::read_from(lookup, StorageSettings::read).map_err(|error| error.names().collect())
    }

    #[test]
    fn on_aws_bucket_and_what_lambda_gives_is_enough() {
        let settings = read(&[
            ("STORAGE_BUCKET", "shop-bucket-1"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "guarded"),
            ("AWS_SESSION_TOKEN", "guarded too"),
        ]);
        let settings = settings.unwrap();
        assert!(settings.endpoint.is_none());
        assert!(!format!("{settings:?}").contains("guarded"));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let names = read(&[
            ("STORAGE_BUCKET", "Shop.Bucket"),
            ("STORAGE_ENDPOINT", "http://user@127.0.0.1/s3?x=1"),
        ]);
        assert_eq!(
            names.unwrap_err(),
            [
                "AWS_ACCESS_KEY_ID",
                "AWS_REGION",
                "AWS_SECRET_ACCESS_KEY",
                "STORAGE_BUCKET",
                "STORAGE_ENDPOINT"
            ]
        );
    }
}
