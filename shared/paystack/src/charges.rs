use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::client::Paystack;
use crate::error::PaystackError;
use crate::fields::Fields;

/// What every direct charge needs. The e-mail address does not print.
#[derive(Clone, Copy)]
pub struct Charge<'a> {
    /// The customer's address.
    pub email: &'a str,
    /// Subunits (kobo), more than zero; by bank transfer NGN 100.00 is Paystack's least.
    pub amount: i64,
    /// ISO 4217, always sent.
    pub currency: &'a str,
    /// As for a transaction that is initialised: unique for ever, spent by this call.
    pub reference: &'a str,
    /// Comes back in answers and webhooks.
    pub metadata: Option<&'a Value>,
}

impl fmt::Debug for Charge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge")
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// A bank whose USSD code the customer dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UssdBank {
    /// Guaranty Trust Bank, `*737#`; the only one on Paystack's newer page.
    GuarantyTrust,
    /// United Bank for Africa, `*919#`.
    UnitedBankForAfrica,
    /// Sterling Bank, `*822#`.
    Sterling,
    /// Zenith Bank, `*966#`.
    Zenith,
}

impl UssdBank {
    fn as_str(self) -> &'static str {
        match self {
            Self::GuarantyTrust => "737",
            Self::UnitedBankForAfrica => "919",
            Self::Sterling => "822",
            Self::Zenith => "966",
        }
    }
}

/// A charge that Paystack took on.
#[derive(Debug, Clone)]
pub struct Charged {
    /// The caller's reference.
    pub reference: String,
    /// What comes next.
    pub answer: ChargeAnswer,
}

/// What comes next after a charge. None of these proves a payment: verify does.
#[derive(Debug, Clone)]
pub enum ChargeAnswer {
    /// Show the account; the customer transfers exactly the amount.
    BankTransfer(BankAccount),
    /// Show the text and the code; the customer dials it.
    Offline {
        /// What to dial, where Paystack says.
        ussd_code: Option<String>,
        /// What to tell the customer.
        display_text: Option<String>,
    },
    /// Send the customer to this address.
    OpenUrl(String),
    /// Nothing to do but wait, ten seconds at least, and verify.
    Pending,
    /// Paystack calls it done; verify.
    Success,
    /// It failed; a new attempt needs a new reference.
    Failed {
        /// Paystack's reason.
        message: Option<String>,
    },
    /// The attempt ran out of time; a new one needs a new reference.
    TimedOut,
    /// Something else is asked for (`send_otp` …) that this crate does not do.
    Other(String),
}

/// A one-time account of Paystack's for one payment. The account's number does not print.
#[derive(Debug, Clone)]
pub struct BankAccount {
    /// The number to transfer to.
    pub account_number: SecretString,
    /// Whose account the customer's bank will show.
    pub account_name: Option<String>,
    /// The bank's name.
    pub bank_name: String,
    /// When the account stops taking money, UTC; money that comes later is returned by Paystack.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Paystack {
    /// Charges by bank transfer to a one-time account (`POST /charge`). Sent at most once.
    ///
    /// Paystack moves `expires_at` to between 15 minutes and 8 hours from now; without it the
    /// account lives for 8 hours. The account that it answers is what counts.
    ///
    /// # Errors
    /// See [`PaystackError`]; after an unclear one verify the reference.
    pub async fn charge_bank_transfer(
        &self,
        charge: &Charge<'_>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Charged, PaystackError> {
        let expiry = expires_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
        self.charge(
            charge,
            "bank_transfer",
            json!({ "account_expires_at": expiry }),
        )
        .await
    }

    /// Charges by USSD (`POST /charge`). Sent at most once.
    ///
    /// # Errors
    /// See [`PaystackError`]; after an unclear one verify the reference.
    pub async fn charge_ussd(
        &self,
        charge: &Charge<'_>,
        bank: UssdBank,
    ) -> Result<Charged, PaystackError> {
        self.charge(charge, "ussd", json!({ "type": bank.as_str() }))
            .await
    }

    async fn charge(
        &self,
        charge: &Charge<'_>,
        channel: &str,
        details: Value,
    ) -> Result<Charged, PaystackError> {
        let mut body = Map::from_iter([
            ("email".to_owned(), charge.email.into()),
            ("amount".to_owned(), charge.amount.into()),
            ("currency".to_owned(), charge.currency.into()),
            ("reference".to_owned(), charge.reference.into()),
            (channel.to_owned(), details),
        ]);
        if let Some(metadata) = charge.metadata {
            body.insert("metadata".to_owned(), metadata.clone());
        }
        let payload = self
            .post("/charge", &Value::Object(body), self.limits.charge)
            .await?;
        Charged::decode(&payload.data, charge.reference)
    }
}

impl Charged {
    fn decode(data: &Value, expected: &str) -> Result<Self, PaystackError> {
        let fields = Fields(data);
        let reference = fields.required_text("reference")?;
        if reference != expected {
            return Err(PaystackError::Undecodable {
                what: "another reference than the one sent",
            });
        }
        Ok(Self {
            reference,
            answer: ChargeAnswer::decode(fields)?,
        })
    }
}

impl ChargeAnswer {
    fn decode(data: Fields<'_>) -> Result<Self, PaystackError> {
        Ok(match data.required_text("status")?.as_str() {
            // A transfer that waits is said to be `pending_bank_transfer` or `pending`.
            "pending_bank_transfer" => Self::BankTransfer(BankAccount::decode(data)?),
            "pending" if data.raw("account_number").is_some() => {
                Self::BankTransfer(BankAccount::decode(data)?)
            }
            "pay_offline" => Self::Offline {
                ussd_code: data.text("ussd_code"),
                display_text: data.text("display_text"),
            },
            "open_url" => Self::OpenUrl(data.required_text("url")?),
            "pending" | "ongoing" | "processing" | "queued" => Self::Pending,
            "success" => Self::Success,
            "failed" => Self::Failed {
                message: data
                    .text("message")
                    .or_else(|| data.text("gateway_response")),
            },
            "timeout" => Self::TimedOut,
            other => Self::Other(other.to_owned()),
        })
    }
}

impl BankAccount {
    fn decode(data: Fields<'_>) -> Result<Self, PaystackError> {
        Ok(Self {
            account_number: data.required_text("account_number")?.into(),
            account_name: data.text("account_name"),
            bank_name: data
                .object("bank")
                .text("name")
                .ok_or(PaystackError::Undecodable { what: "bank.name" })?,
            expires_at: data.time(&["account_expires_at"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn account() -> Value {
        json!({
            "reference": "kcvu0t3kzs", "status": "pending_bank_transfer",
            "display_text": "Please make a transfer to the account specified",
            "account_name": "TEST-MANAGED-ACCOUNT", "account_number": "1260257501",
            "bank": {"slug": "test-bank", "name": "Test Bank", "id": 24},
            "account_expires_at": "2025-04-24T16:40:57.954Z"
        })
    }

    #[test]
    fn the_documented_account_is_read_and_its_number_does_not_print() {
        for status in ["pending_bank_transfer", "pending"] {
            let mut data = account();
            data["status"] = status.into();
            let charged = Charged::decode(&data, "kcvu0t3kzs").unwrap();
            assert!(!format!("{charged:?}").contains("1260257501"));
            let ChargeAnswer::BankTransfer(account) = charged.answer else {
                panic!("{status}")
            };
            assert_eq!(account.account_number.expose_secret(), "1260257501");
            assert_eq!(account.bank_name, "Test Bank");
            assert_eq!(account.expires_at.unwrap().timestamp(), 1_745_512_857);
        }
    }

    #[test]
    fn an_account_without_its_number_or_for_another_reference_is_refused() {
        let mut data = account();
        assert!(Charged::decode(&data, "another").is_err());
        data["account_number"] = Value::Null;
        assert!(Charged::decode(&data, "kcvu0t3kzs").is_err());
    }

    #[test]
    fn each_documented_status_has_its_answer() {
        let answer = |status: &str| {
            let data = json!({"reference": "r", "status": status, "url": "https://bank.example",
                "ussd_code": "*737*33*4*18791#", "message": "Insufficient funds"});
            Charged::decode(&data, "r").unwrap().answer
        };
        assert!(matches!(answer("success"), ChargeAnswer::Success));
        assert!(matches!(answer("pending"), ChargeAnswer::Pending));
        assert!(matches!(answer("timeout"), ChargeAnswer::TimedOut));
        assert!(matches!(answer("open_url"), ChargeAnswer::OpenUrl(_)));
        assert!(matches!(
            answer("failed"),
            ChargeAnswer::Failed { message: Some(_) }
        ));
        assert!(matches!(answer("send_otp"), ChargeAnswer::Other(other) if other == "send_otp"));
        let ChargeAnswer::Offline { ussd_code, .. } = answer("pay_offline") else {
            panic!()
        };
        assert_eq!(ussd_code.as_deref(), Some("*737*33*4*18791#"));
    }
}
