//! Which queue carries which event, and which function consumes it.
//!
//! One topic exchange takes every event under its type as the routing key. Each queue is a quorum
//! queue with a dead queue of its own behind the dead-letter exchange. A routing key that no queue
//! is bound to is returned to the publisher: a new family of events needs a line here.

/// The topic exchange that every event is published to.
pub const EVENTS: &str = "madrush.events";

/// The direct exchange of what the broker gives up on; the routing key is the queue's name.
pub const DEAD: &str = "madrush.dead";

/// How often the broker delivers a message before it moves it to the dead queue.
///
/// It is the last resort, for a message that kills its function before anything can be recorded;
/// ordinary failures are counted by [`crate::MAX_ATTEMPTS`] and parked. It is this high because
/// each invocation that cannot reach Postgres counts as a delivery too: an hour without a database,
/// at 3 s each, must not empty the queue. It is written out because its default differs (none in
/// RabbitMQ 3.x, 20 since 4.0, where a message without a dead-letter exchange is then deleted).
pub const DELIVERY_LIMIT: u32 = 1_200;

/// How many messages a queue holds; beyond that the broker refuses and they stay in the outbox.
pub const LONGEST_QUEUE: u32 = 1_000_000;

/// A queue, what it is bound to, and who consumes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The queue's name.
    pub name: &'static str,
    /// The binding keys on [`EVENTS`]; `*` is one word.
    pub bindings: &'static [&'static str],
    /// The function that consumes it.
    pub consumer: &'static str,
}

/// Every queue of the shop.
pub const QUEUES: [Queue; 4] = [
    Queue {
        name: "order_processing",
        bindings: &["order.*"],
        consumer: "process-order",
    },
    Queue {
        name: "payment_processing",
        bindings: &["payment.*", "paystack.*", "refund.*", "transfer.*"],
        consumer: "process-payment",
    },
    Queue {
        name: "notifications",
        bindings: &["notification.*"],
        consumer: "send-notification",
    },
    Queue {
        name: "product_updates",
        bindings: &[
            "product.*",
            "category.*",
            "stock.*",
            "image.*",
            "import.*",
            "export.*",
        ],
        consumer: "sync-product",
    },
];

impl Queue {
    /// Where its dead messages are kept.
    pub fn dead_queue(&self) -> String {
        format!("{}.dead", self.name)
    }

    /// Whether events of this type come here.
    pub fn carries(&self, kind: &str) -> bool {
        self.bindings.iter().any(|binding| binds(binding, kind))
    }
}

/// Whether a binding of `word.*` takes the routing key, as a topic exchange does.
fn binds(binding: &str, key: &str) -> bool {
    let (Some(family), Some((first, rest))) = (binding.strip_suffix(".*"), key.split_once('.'))
    else {
        return binding == key;
    };
    family == first && !rest.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_flows_comes_to_exactly_one_queue() {
        let flows = [
            ("order.placed", "order_processing"),
            ("order.expired", "order_processing"),
            ("payment.check", "payment_processing"),
            ("paystack.event", "payment_processing"),
            ("refund.requested", "payment_processing"),
            ("transfer.event", "payment_processing"),
            ("notification.requested", "notifications"),
            ("product.updated", "product_updates"),
            ("stock.changed", "product_updates"),
            ("category.updated", "product_updates"),
            ("image.requested", "product_updates"),
            ("import.requested", "product_updates"),
            ("export.requested", "product_updates"),
        ];
        for (kind, queue) in flows {
            let takers: Vec<_> = QUEUES
                .iter()
                .filter(|queue| queue.carries(kind))
                .map(|queue| queue.name)
                .collect();
            assert_eq!(takers, [queue], "{kind}");
        }
    }

    #[test]
    fn a_family_that_no_queue_is_bound_to_is_carried_by_none() {
        for kind in ["coupon.used", "order", "order.line.added"] {
            assert!(!QUEUES.iter().any(|queue| queue.carries(kind)), "{kind}");
        }
    }
}
