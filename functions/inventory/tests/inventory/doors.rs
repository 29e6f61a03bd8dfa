//! Who is let in: the same for each function of the area.

use domain::Permission;
use runtime_api::Request;
use serde_json::json;
use stage::Stage;

use crate::counter::{adjust, create_location, set_policy, update_location};
use crate::{
    ADMIN_ADJUST_STOCK, ADMIN_CREATE_LOCATION, ADMIN_LIST_LOCATIONS, ADMIN_LIST_RESERVATIONS,
    ADMIN_LIST_STOCK, ADMIN_LIST_STOCK_MOVEMENTS, ADMIN_SET_STOCK_POLICY, ADMIN_UPDATE_LOCATION,
};

fn get(route: &str) -> Request {
    Request::get(route).route(route)
}

/// Each function with a request that it understands, and the permission that it needs.
fn doors() -> [(&'static str, Request, Permission); 8] {
    use Permission::{ReadInventory, WriteInventory};
    let id = "0190f5fe-7c00-7a00-8000-000000000001";
    let (version, nothing) = (Some("\"1\""), json!({}));
    [
        (ADMIN_LIST_STOCK, get("/api/admin/stock"), ReadInventory),
        (
            ADMIN_LIST_STOCK_MOVEMENTS,
            get("/api/admin/stock/movements"),
            ReadInventory,
        ),
        (
            ADMIN_LIST_RESERVATIONS,
            get("/api/admin/stock/reservations"),
            ReadInventory,
        ),
        (
            ADMIN_LIST_LOCATIONS,
            get("/api/admin/locations"),
            ReadInventory,
        ),
        (ADMIN_ADJUST_STOCK, adjust(&nothing), WriteInventory),
        (
            ADMIN_SET_STOCK_POLICY,
            set_policy(id, version, &nothing),
            WriteInventory,
        ),
        (
            ADMIN_CREATE_LOCATION,
            create_location(&nothing),
            WriteInventory,
        ),
        (
            ADMIN_UPDATE_LOCATION,
            update_location(id, version, &nothing),
            WriteInventory,
        ),
    ]
}

#[tokio::test]
async fn who_may_not_is_refused_before_anything_is_read_and_nothing_is_written() {
    let stage = Stage::set().await;
    let before = stage.fingerprints().await;
    for (binary, request, needed) in doors() {
        let function = stage.spawn(binary);
        for token in [None, Some("x"), Some("a.b.c")] {
            let request = match token {
                Some(token) => request.clone().bearer(token),
                None => request.clone(),
            };
            let refused = function.send(request).await;
            assert_eq!(refused.status, 401, "{binary}: {}", refused.text());
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
        let others: Vec<_> = Permission::ALL
            .iter()
            .copied()
            .filter(|permission| *permission != needed)
            .collect();
        let lacking = request.clone().bearer(&stage.staff_token("chidi", &others));
        let refused = function.send(lacking).await;
        assert_eq!(refused.status, 403, "{binary}: {}", refused.text());
        let permitted = request.bearer(&stage.staff_token("chidi", &[needed]));
        let status = function.send(permitted).await.status;
        assert!([200, 404, 422].contains(&status), "{binary}: {status}");
    }
    assert_eq!(stage.fingerprints().await, before);
}
