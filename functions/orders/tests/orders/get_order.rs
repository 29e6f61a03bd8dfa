//! `GET /api/orders/{number}`.

use stage::{Stage, answer, assert_answer};

use crate::GET_ORDER;
use crate::requests::get;

#[tokio::test]
async fn its_token_opens_an_order_with_its_payments_and_its_timeline() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).place().await;
    let function = stage.spawn(GET_ORDER);

    let open = function.send(get(&order.number).bearer(&order.token)).await;
    assert_answer!("open_order", open);

    stage.pay(order.page(), "success").await;
    let reference = &order.attempt.as_ref().unwrap().reference;
    checkout::settle_payment(&stage.resources, &stage.cause(), reference)
        .await
        .unwrap();
    let paid = function
        .send(get(&order.number.to_lowercase()).bearer(&order.token))
        .await;
    assert_answer!("paid_order", paid);
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn whoever_has_no_token_is_asked_for_one() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(GET_ORDER);

    assert_answer!("without_token", function.send(get(&order.number)).await);
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", &order.token] {
        let request = get(&order.number).header("authorization", header);
        assert_eq!(function.send(request).await.status, 401, "{header:?}");
    }
}

#[tokio::test]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let (mine, other) = (
        stage.an_order(sandals).place().await,
        stage.an_order(sandals).place().await,
    );
    let function = stage.spawn(GET_ORDER);
    let nowhere = function.send(get("MR-0000-0000").bearer(&mine.token)).await;
    assert_answer!("not_there", nowhere);

    let mut tampered = mine.token.clone();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'A' { 'Q' } else { 'A' });
    let first = mine.token.chars().next().unwrap();
    let flipped = format!(
        "{}{}",
        if first == 'A' { 'B' } else { 'A' },
        &mine.token[1..]
    );
    let truncated = &mine.token[..mine.token.len() - 1];
    let padded = format!("{}=", mine.token);
    for token in ["x", &other.token, &tampered, &flipped, truncated, &padded] {
        let refused = function.send(get(&mine.number).bearer(token)).await;
        assert_eq!(answer(&refused), answer(&nowhere), "{token}");
    }
    for number in ["MR-1", "x", "%00", "MR-IIII-LLLL", "../health"] {
        let refused = function.send(get(number).bearer(&mine.token)).await;
        assert_eq!(refused.status, 404, "{number}");
    }
    let opened = function.send(get(&mine.number).bearer(&mine.token)).await;
    assert_eq!(opened.status, 200);
}
