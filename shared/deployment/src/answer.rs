//! Putting the answer where CloudFormation reads it: an address in S3, signed for this one answer.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use crate::custom_resource::Answer;

/// One try.
const LIMIT: Duration = Duration::from_secs(10);
/// How often it is tried. A stack that is not answered waits for its whole time limit.
const TRIES: u32 = 4;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// CloudFormation could not be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    #[error(
        "the address to answer to was refused to be used: it is neither HTTPS nor this machine"
    )]
    Address,
    #[error("TLS could not be set up")]
    Tls(#[from] tls::Error),
    #[error("the answer could not be put where CloudFormation reads it")]
    Put(#[source] reqwest::Error),
}

/// Tells what became of the order.
pub(crate) async fn tell(address: &Url, answer: &Answer<'_>) -> Result<(), Untold> {
    if !is_fit(address) {
        return Err(Untold::Address);
    }
    let client = client()?;
    let body = serde_json::to_vec(answer).unwrap_or_default();
    let mut tries = 1;
    loop {
        let told = put(&client, address, body.clone()).await;
        match told {
            Ok(()) => return Ok(()),
            // The address is a secret of its own: whoever has it may answer.
            Err(error) if tries >= TRIES => return Err(Untold::Put(error.without_url())),
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "CloudFormation not told yet")
            }
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn put(client: &Client, address: &Url, body: Vec<u8>) -> Result<(), reqwest::Error> {
    // The signature is over an empty content type.
    let put = client
        .put(address.clone())
        .header(CONTENT_TYPE, "")
        .body(body);
    put.send().await?.error_for_status()?;
    Ok(())
}

/// An answer names the stack; it goes nowhere in clear but to this machine.
fn is_fit(address: &Url) -> bool {
    address.scheme() == "https" || matches!(address.host_str(), Some("127.0.0.1" | "localhost"))
}

fn client() -> Result<Client, Untold> {
    let builder = Client::builder().timeout(LIMIT);
    let client = builder
        .tls_backend_preconfigured(tls::client_config()?)
        .build();
    client.map_err(Untold::Put)
}
