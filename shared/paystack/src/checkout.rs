use url::Url;

use crate::client::Paystack;

impl Paystack {
    /// Whether a customer may be sent to this payment page: https on Paystack's own hosts. With a
    /// stand-in for Paystack its pages may be anywhere, so any http or https address will do.
    pub fn checkout_host_allowed(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else {
            return false;
        };
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let allowed = match url.host_str() {
            Some(host) if self.is_real => url.scheme() == "https" && is_paystacks(host),
            Some(_) => matches!(url.scheme(), "http" | "https"),
            None => false,
        };
        allowed && !has_credentials
    }
}

fn is_paystacks(host: &str) -> bool {
    ["paystack.com", "paystack.co"].iter().any(|own| {
        host.strip_suffix(own)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::PaystackSettings;

    fn client(base: &'static str) -> Paystack {
        let settings = settings::read_from(
            move |name| match name {
                "PAYSTACK_SECRET_KEY" => Some("sk_test_abc".to_owned()),
                "PAYSTACK_BASE_URL" => Some(base.to_owned()),
                _ => None,
            },
            PaystackSettings::read,
        )
        .unwrap();
        Paystack::new(&settings).unwrap()
    }

    #[test]
    fn customers_are_sent_to_paystack_only() {
        let paystack = client("https://api.paystack.co");
        for good in [
            "https://checkout.paystack.com/3ni8",
            "https://paystack.co/x",
        ] {
            assert!(paystack.checkout_host_allowed(good), "{good}");
        }
        for bad in [
            "http://checkout.paystack.com/3ni8",
            "https://evilpaystack.com/",
            "https://paystack.com.evil.example/",
            "https://checkout.paystack.com@evil.example/",
            "https://user@checkout.paystack.com/",
            "javascript:alert(1)",
            "//checkout.paystack.com/",
            "",
        ] {
            assert!(!paystack.checkout_host_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn a_stand_in_has_its_pages_where_it_likes() {
        let paystack = client("http://127.0.0.1:9100/paystack");
        assert!(paystack.checkout_host_allowed("http://127.0.0.1:9100/paystack/checkout/x"));
        assert!(!paystack.checkout_host_allowed("javascript:alert(1)"));
    }
}
