//! Queue `notifications`: sends one message to one recipient over one channel, once.

use database::Database;
use desk::{Desk, Fail};
use domain::{Clock, Event};
use messaging::{Envelope, Failure, StartError};
use notifications::{Begun, Outcome, begin_sending, finish_sending};
use notifications_functions::{Providers, send};
use sealing::Sealer;
use telemetry::metric;

const CONSUMER: &str = "send-notification";

struct App {
    database: Database,
    sealer: Sealer,
    providers: Providers,
    clock: Clock,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    messaging::serve_consumer(CONSUMER, |env| {
        let (database, sealer) = (Database::read(env), Sealer::read(env));
        let providers = Providers::read(env);
        let app = App {
            database: database?,
            sealer: sealer?,
            providers: providers?,
            clock: Clock::system(),
        };
        let desk = Desk::new(app.database.clone(), app.clock.clone());
        let handle =
            async move |envelope: &Envelope| handle(&app, envelope).await.map_err(Failure::from);
        Some((desk, handle))
    })
    .await
}

async fn handle(app: &App, envelope: &Envelope) -> Result<(), Fail> {
    let message = desk::read(CONSUMER, &app.clock, envelope)?;
    let Event::NotificationRequested {
        notification_id: id,
    } = message.event
    else {
        return Err(Fail::never("this event is not for this queue"));
    };

    let mut tx = app.database.begin().await?;
    let begun = begin_sending(&mut tx, &message.cause, &app.sealer, id).await?;
    tx.commit().await?;
    let to_send = match begun {
        Begun::Done => return Ok(()),
        Begun::Busy => return Err(Fail::later("somebody else is sending this message")),
        Begun::Send(to_send) => to_send,
    };

    let outcome = send(&app.providers, id, &to_send).await;

    finish_sending(
        &mut *app.database.connection().await?,
        &message.cause,
        id,
        &outcome,
    )
    .await?;
    match outcome {
        Outcome::Sent { .. } => Ok(()),
        Outcome::Later { error } | Outcome::Unclear { error } => Err(Fail::later(error)),
        Outcome::Never { error } => {
            tracing::error!(notification = %id, error, "will never be sent");
            let channel = to_send.letter.recipient.channel().as_str();
            metrics::counter!(metric::NOTIFICATIONS_FAILED, "channel" => channel).increment(1);
            Ok(())
        }
    }
}
