//! Identities. Mixed-up ids do not compile.

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new identity: UUIDv7, so that rows made together lie together in an index.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default identity would not be one")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            /// The plain UUID, for SQL.
            #[must_use]
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// Lines of stock that staff adjusted together.
    AdjustmentId,
    /// A category of the catalogue.
    CategoryId,
    /// A registered customer.
    CustomerId,
    /// A file that staff have asked for.
    ExportId,
    /// A picture of a product.
    ImageId,
    /// A file that staff have sent.
    ImportId,
    /// A line of an order.
    LineId,
    /// A place where stock lies.
    LocationId,
    /// One message to one recipient over one channel.
    NotificationId,
    /// An order.
    OrderId,
    /// One attempt to pay an order.
    PaymentId,
    /// A product.
    ProductId,
    /// Money on its way back to a payer.
    RefundId,
    /// What is sold, counted and priced.
    VariantId,
    /// One fact a provider told us through its webhook.
    WebhookId,
}
