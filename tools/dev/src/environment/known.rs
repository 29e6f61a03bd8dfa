//! Every setting there is, with its value in development and what it is for.

/// What a setting is in development when nobody gives it.
pub(super) enum Default {
    /// This, with the ports of [`Ports`] put in for `{api}`, `{sandbox}` and `{smtp}`.
    Value(&'static str),
    /// The private instance's address.
    Private(&'static str),
    /// A secret made once and kept in `target/dev`.
    Made,
    /// Nothing.
    Absent(&'static str),
}

use Default::{Absent, Made, Private, Value};

pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) default: Default,
    pub(super) about: &'static str,
}

const fn setting(name: &'static str, default: Default, about: &'static str) -> Setting {
    Setting {
        name,
        default,
        about,
    }
}

/// Every setting of the shop and of `cargo dev`, in the order of `.env.example`.
pub(super) const SETTINGS: [Setting; 61] = [
    setting(
        "DATABASE_URL",
        Private("postgres://madrush:madrush@127.0.0.1:9432/madrush"),
        "Postgres 15 or newer. Given: used as it is, and no private Postgres is started.",
    ),
    setting(
        "DATABASE_PASSWORD",
        Absent(""),
        "In place of the password in DATABASE_URL, which has none on AWS.",
    ),
    setting(
        "DATABASE_CONNECTIONS",
        Value("1"),
        "Connections of one function instance.",
    ),
    setting(
        "REDIS_HOST",
        Private("127.0.0.1"),
        "Redis. Given: used as it is, and no private Redis is started.",
    ),
    setting("REDIS_PORT", Private("9379"), "Redis' port."),
    setting("REDIS_DB", Value("0"), "Redis' database number."),
    setting(
        "REDIS_PASSWORD",
        Absent(""),
        "Redis' password, if it asks for one.",
    ),
    setting("REDIS_TLS", Value("false"), "true to speak TLS with Redis."),
    setting(
        "REDIS_PREFIX",
        Value("madrush"),
        "What every key begins with, where several shops share a Redis.",
    ),
    setting(
        "RABBITMQ_HOST",
        Private("127.0.0.1"),
        "RabbitMQ. Given: used as it is, and no private RabbitMQ is started.",
    ),
    setting(
        "RABBITMQ_PORT",
        Private("9672"),
        "RabbitMQ's AMQP port (default 5672, with TLS 5671).",
    ),
    setting("RABBITMQ_USER", Value("guest"), "RabbitMQ's user."),
    setting("RABBITMQ_PASSWORD", Value("guest"), "That user's password."),
    setting("RABBITMQ_VHOST", Value("/"), "RabbitMQ's virtual host."),
    setting(
        "RABBITMQ_TLS",
        Value("false"),
        "true to speak TLS with RabbitMQ; Amazon MQ accepts nothing else.",
    ),
    setting(
        "RABBITMQ_MANAGEMENT_PORT",
        Private("9673"),
        "RabbitMQ's management API, which only tests use.",
    ),
    setting(
        "PAYSTACK_SECRET_KEY",
        Value("sk_test_madrush_development"),
        "Paystack's secret key; it also signs webhooks.",
    ),
    setting(
        "PAYSTACK_PREVIOUS_SECRET_KEY",
        Absent(""),
        "The former key while keys are being changed: webhooks signed with it still count.",
    ),
    setting(
        "PAYSTACK_PUBLIC_KEY",
        Value("pk_test_madrush_development"),
        "Paystack's public key, for storefronts.",
    ),
    setting(
        "PAYSTACK_BASE_URL",
        Value("http://127.0.0.1:{sandbox}/paystack"),
        "Paystack's API; in production https://api.paystack.co.",
    ),
    setting(
        "SMTP_HOST",
        Value("127.0.0.1"),
        "The server that takes e-mail.",
    ),
    setting("SMTP_PORT", Value("{smtp}"), "Its port."),
    setting("SMTP_USERNAME", Absent(""), "Its user, if it asks for one."),
    setting("SMTP_PASSWORD", Absent(""), "That user's password."),
    setting("SMTP_TLS", Value("none"), "starttls, implicit or none."),
    setting(
        "SENDER_EMAIL",
        Value("orders@madrush.example"),
        "Whom e-mail comes from.",
    ),
    setting(
        "SENDER_NAME",
        Value("MAD RUSH"),
        "The shop's name in e-mail and on the payment page.",
    ),
    setting(
        "TWILIO_ACCOUNT_SID",
        Value("AC00000000000000000000000000000000"),
        "Twilio's account: AC and 32 hexadecimal digits.",
    ),
    setting(
        "TWILIO_AUTH_TOKEN",
        Value("madrush-development-token"),
        "Twilio's token; it also signs callbacks.",
    ),
    setting(
        "TWILIO_PHONE_NUMBER",
        Value("+15005550006"),
        "The number that SMS come from.",
    ),
    setting(
        "TWILIO_BASE_URL",
        Value("http://127.0.0.1:{sandbox}/twilio"),
        "Twilio's API; in production https://api.twilio.com.",
    ),
    setting(
        "STORAGE_BUCKET",
        Value("madrush-development"),
        "The bucket of product images, imports and exports.",
    ),
    setting(
        "STORAGE_ENDPOINT",
        Value("http://127.0.0.1:{sandbox}/s3"),
        "An S3 server that is addressed by path; on AWS none, and the bucket has an address of its own.",
    ),
    setting(
        "STORAGE_PUBLIC_ENDPOINT",
        Value("http://localhost:{sandbox}/s3"),
        "The same server as browsers reach it, which upload and download there.",
    ),
    setting(
        "IMAGES_URL",
        Value("http://localhost:{sandbox}/media"),
        "What stands before an image's key in its public address; on AWS the CDN's.",
    ),
    setting(
        "AWS_REGION",
        Value("eu-west-1"),
        "The bucket's region. On AWS Lambda gives it, and the three after it.",
    ),
    setting(
        "AWS_ACCESS_KEY_ID",
        Value("AKIAMADRUSHDEVELOPMENT"),
        "Whose signature opens the bucket.",
    ),
    setting(
        "AWS_SECRET_ACCESS_KEY",
        Value("madrush-development-secret"),
        "What addresses in the bucket are signed with.",
    ),
    setting(
        "AWS_SESSION_TOKEN",
        Absent(""),
        "Belongs to credentials that expire, as those of a function's role do.",
    ),
    setting(
        "JWT_SECRET_KEY",
        Made,
        "Signs access tokens: <id>:<base64 of 32 bytes>, comma-separated; the first signs, all verify.",
    ),
    setting(
        "ENCRYPTION_KEY",
        Made,
        "Encrypts personal data: <id>:<base64 of 32 bytes>, comma-separated; the first encrypts, all decrypt.",
    ),
    setting(
        "NEXT_PUBLIC_API_URL",
        Value("http://localhost:{api}"),
        "The API's public address, without a path.",
    ),
    setting(
        "VITE_ADMIN_API_URL",
        Value("http://localhost:{api}/api/admin"),
        "The admin panel's API.",
    ),
    setting(
        "VITE_PRODUCT_API_URL",
        Value("http://localhost:{api}/api"),
        "The storefront's API.",
    ),
    setting(
        "ALLOWED_ORIGINS",
        Value("http://localhost:3000,http://localhost:5173"),
        "Web pages that may call the API, comma-separated origins.",
    ),
    setting(
        "STOREFRONT_URL",
        Value("http://localhost:{sandbox}/storefront"),
        "Where customers are sent after paying.",
    ),
    setting(
        "SHOP_NAME",
        Value("MAD RUSH"),
        "The shop's name in what customers read.",
    ),
    setting(
        "STAFF_EMAIL",
        Value("staff@madrush.example"),
        "Who is told when somebody has to act.",
    ),
    setting(
        "RESERVATION_SECONDS",
        Value("1800"),
        "How long an unpaid order holds its stock; at least 900.",
    ),
    setting(
        "PAYMENT_CHECK_SECONDS",
        Absent("60,300,900"),
        "When an open payment is asked for, in seconds after its start; by default more often than shown.",
    ),
    setting(
        "RELAY_DRAIN_SECONDS",
        Value("50"),
        "How long one run of relay-outbox publishes.",
    ),
    setting(
        "DEV_API_PORT",
        Value("9000"),
        "cargo dev only: the port of cargo lambda watch.",
    ),
    setting(
        "DEV_SANDBOX_PORT",
        Value("9100"),
        "cargo dev only: the stand-ins' HTTP port.",
    ),
    setting(
        "DEV_SMTP_PORT",
        Value("9125"),
        "cargo dev only: the stand-ins' SMTP port.",
    ),
    setting(
        "DEV_POSTGRES_PORT",
        Value("9432"),
        "cargo dev only: the private Postgres' port.",
    ),
    setting(
        "DEV_REDIS_PORT",
        Value("9379"),
        "cargo dev only: the private Redis' port.",
    ),
    setting(
        "DEV_RABBITMQ_PORT",
        Value("9672"),
        "cargo dev only: the private RabbitMQ's port; the three after it are used as well.",
    ),
    setting(
        "LOG_LEVEL",
        Value("info"),
        "What functions log: error, warn, info, debug, trace, or a list such as info,sqlx=debug.",
    ),
    setting(
        "METRICS",
        Value("none"),
        "emf writes what was measured as CloudWatch's embedded metric format, one line an invocation; or none.",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Absent("http://localhost:4318"),
        "A collector of traces (OTLP over plain HTTP); without it there are no traces.",
    ),
    setting(
        "OTEL_TRACES_SAMPLER_ARG",
        Value("1"),
        "Which part of the traces is recorded, 0 to 1.",
    ),
];
