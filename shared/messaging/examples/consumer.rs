//! A consumer for this crate's own tests: it does what the message's payload says.

use std::time::Duration;

use messaging::{Envelope, Failure, FailureDesk, StartError, Unavailable, serve_consumer};

struct Desk;

impl FailureDesk for Desk {
    async fn reschedule(
        &self,
        message: &Envelope,
        attempt: u32,
        delay: Duration,
        error: &str,
    ) -> Result<(), Unavailable> {
        if message.payload["desk"] == "gone" {
            return Err(Unavailable::new("no database"));
        }
        println!(
            "reschedule {} as {attempt} within {delay:?}: {error}",
            message.id
        );
        Ok(())
    }

    async fn park(
        &self,
        queue: &str,
        raw: &[u8],
        _message: Option<&Envelope>,
        error: &str,
    ) -> Result<(), Unavailable> {
        println!("park {} bytes of {queue}: {error}", raw.len());
        Ok(())
    }
}

async fn obey(message: &Envelope) -> Result<(), Failure> {
    match message.payload["do"].as_str() {
        Some("panic") => panic!("as asked"),
        Some("fail") => Err(Failure::Temporary("as asked".to_owned())),
        _ => Ok(()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_consumer("consumer", |_| Some((Desk, obey))).await
}
