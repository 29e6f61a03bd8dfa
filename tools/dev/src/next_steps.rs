//! What is printed when the shop is up: addresses, and the first things to try.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::environment::{Ports, Settings};
use crate::shop::Functions;
use crate::terminal::Terminal;

pub(crate) async fn print(
    terminal: &Terminal,
    settings: &Settings,
    functions: Functions,
) -> anyhow::Result<()> {
    let ports = settings.ports()?;
    let variant = in_stock(settings)
        .await?
        .map_or("<variant id>".to_owned(), |id| id.to_string());
    terminal.line(&addresses(ports, functions));
    terminal.line(&commands(ports, &variant));
    Ok(())
}

/// A variant that can be ordered.
async fn in_stock(settings: &Settings) -> anyhow::Result<Option<Uuid>> {
    let mut database =
        PgConnection::connect(settings.get("DATABASE_URL").unwrap_or_default()).await?;
    let variant = sqlx::query_scalar(
        "SELECT v.id FROM variants v JOIN products p ON p.id = v.product_id \
         JOIN stock_levels s ON s.variant_id = v.id \
         WHERE p.status = 'published' AND v.archived_at IS NULL AND s.on_hand - s.reserved > 5 \
         ORDER BY p.name LIMIT 1",
    );
    let variant = variant.fetch_optional(&mut database).await?;
    database.close().await?;
    Ok(variant)
}

fn addresses(Ports { api, sandbox, smtp }: Ports, functions: Functions) -> String {
    let by_hand = "\n  Run the functions yourself:\n    set -a; . <(cargo dev env); set +a\n    \
                   cargo build --workspace --bins && cargo lambda watch --invoke-address 127.0.0.1";
    let by_hand = if functions == Functions::ByHand {
        by_hand
    } else {
        ""
    };
    format!(
        "\nThe shop is up.\n  \
         API               http://localhost:{api}/api/products\n  \
         API, interactive  http://localhost:{sandbox}/docs\n  \
         Inbox (e-mail, SMS) and stand-ins  http://localhost:{sandbox}/   SMTP on {smtp}\n  \
         Functions' log    target/dev/functions.log   Services' logs  target/dev/services/logs/\n  \
         Settings          cargo dev env{by_hand}\n"
    )
}

fn commands(Ports { api, sandbox, .. }: Ports, variant: &str) -> String {
    let order = format!(
        r#"{{"items":[{{"variant_id":"{variant}","quantity":1}}],"customer":{{"name":"Ada Obi","email":"ada@example.com","phone":"08031234567"}},"delivery_address":{{"street":"12 Allen Avenue","landmark":"opposite the bank","city":"Ikeja","lga":"Ikeja","state":"Lagos","country":"NG"}},"payment":{{"channel":"card"}}}}"#
    );
    format!(
        "Five things to try, in this folder:\n\
         1. List products:\n   \
            curl -s 'http://localhost:{api}/api/products?limit=5'\n\
         2. Place an order as a guest:\n   \
            curl -s http://localhost:{api}/api/orders -H 'Content-Type: application/json' -H \"Idempotency-Key: $(date +%s%N)\" -d '{order}' | tee target/dev/order.json\n\
         3. Open its payment page and pay (or open the address in a browser):\n   \
            curl -s -d outcome=success \"$({url})\"\n\
         4. Get the order, now paid:\n   \
            curl -s -H \"Authorization: Bearer $({token})\" http://localhost:{api}/api/orders/$({number})\n\
         5. Open the inbox with the receipt (also a page: http://localhost:{sandbox}/):\n   \
            curl -s 'http://localhost:{sandbox}/inbox/messages?to=ada@example.com'\n\
         Ctrl-C stops everything.",
        url = of_order("['payment']['authorization_url']"),
        token = of_order("['access_token']"),
        number = of_order("['order']['number']"),
    )
}

/// Python, because it is there: the functions' emulator comes with it.
fn of_order(field: &str) -> String {
    format!(r#"python3 -c "import json; print(json.load(open('target/dev/order.json')){field})""#)
}
