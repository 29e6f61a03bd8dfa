use settings::Env;
use url::Url;

use crate::Key;
use crate::settings::is_plain_base;

/// `IMAGES_URL`: what stands before an image's key in its public address. On AWS the address of the
/// CDN in front of the bucket, which lets nobody in but it; in development the stand-in.
#[derive(Debug, Clone)]
pub struct ImagesUrl(Url);

impl ImagesUrl {
    /// Reads the setting; what is missing or malformed is noted in `env`.
    pub fn read(env: &mut Env) -> Option<Self> {
        let url = env
            .required("IMAGES_URL")
            .parse::<Url>()
            .ok()
            .filter(is_plain_base);
        if url.is_none() {
            env.problem(
                "IMAGES_URL",
                "must be an http or https address without user, query and fragment",
            );
        }
        url.map(Self)
    }

    /// The public address of an object.
    #[must_use]
    pub fn of(&self, key: &Key) -> String {
        format!("{}/{key}", self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(url: &'static str) -> Option<ImagesUrl> {
        settings::read_from(move |_| Some(url.to_owned()), ImagesUrl::read).ok()?
    }

    #[test]
    fn a_key_is_appended_to_the_address_with_or_without_a_slash() {
        let key = Key::new("products/1/2.png").unwrap();
        for (base, expected) in [
            (
                "https://cdn.example",
                "https://cdn.example/products/1/2.png",
            ),
            (
                "http://127.0.0.1:1/media/",
                "http://127.0.0.1:1/media/products/1/2.png",
            ),
        ] {
            assert_eq!(images(base).unwrap().of(&key), expected);
        }
    }

    #[test]
    fn what_nothing_can_be_appended_to_is_no_address_of_images() {
        for bad in [
            "cdn.example",
            "ftp://cdn.example",
            "https://cdn.example/?a=b",
            "https://a:b@c/",
        ] {
            assert!(images(bad).is_none(), "{bad}");
        }
    }
}
