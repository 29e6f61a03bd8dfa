//! An order as a message tells it.

use notifications::{OrderFacts, OrderLineFacts};
use orders::{Order, OrderLine};

/// What a message needs to know of an order.
#[must_use]
pub fn order_facts(order: &Order) -> OrderFacts {
    let (summary, address) = (&order.summary, &order.delivery_address);
    let totals = &summary.totals;
    let mut lines_of_address = vec![address.street().to_owned()];
    lines_of_address.extend(address.landmark().map(str::to_owned));
    lines_of_address.push(format!("{}, {}", address.city(), address.lga()));
    lines_of_address.push(address.state().as_str().to_owned());
    OrderFacts {
        number: summary.number.to_string(),
        customer_name: order.customer.name.as_str().to_owned(),
        lines: summary.lines.iter().map(line_facts).collect(),
        subtotal: totals.subtotal,
        discount: totals.discount,
        delivery: totals.delivery,
        tax: totals.tax,
        total: totals.total,
        address: lines_of_address,
    }
}

fn line_facts(line: &OrderLine) -> OrderLineFacts {
    let options: Vec<&str> = line.options.values().map(String::as_str).collect();
    let name = if options.is_empty() {
        line.name.clone()
    } else {
        format!("{} ({})", line.name, options.join(", "))
    };
    OrderLineFacts {
        name,
        quantity: line.quantity,
        total: line.total,
    }
}
