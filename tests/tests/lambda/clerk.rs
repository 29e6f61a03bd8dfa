//! A member of staff before one function, and the catalogue they work on.

use catalog::testing::{WrittenProduct, a_category, a_product};
use domain::{CategoryId, LocationId, Permission};
use runtime_api::Request;
use serde_json::Value;
use stage::Stage;
use stock::testing::{a_location, stock_at};

use crate::instance::{Instance, Lambda};

/// Two products with a picture and a piece on the shelf each, and an empty category.
pub(crate) struct Goods {
    pub(crate) shirt: WrittenProduct,
    pub(crate) sandals: WrittenProduct,
    pub(crate) shirts: CategoryId,
    pub(crate) empty: [CategoryId; 2],
    pub(crate) shelf: LocationId,
}

impl Goods {
    async fn on(stage: &Stage) -> Self {
        let mut connection = stage.db.connect().await;
        let shirts = a_category(&mut connection, "Shirts", None).await;
        let empty = [
            a_category(&mut connection, "Shoes", None).await,
            a_category(&mut connection, "Hats", None).await,
        ];
        let url = "https://images.madrush.test/front.webp";
        let shirt = a_product("Ankara shirt", shirts)
            .variant(&[("Size", "M")], 1_250_000)
            .image(url, "From the front");
        let shirt = shirt.insert(&mut connection).await;
        let sandals = a_product("Leather sandals", shirts)
            .variant(&[("Size", "42")], 500_000)
            .image(url, "From above");
        let sandals = sandals.insert(&mut connection).await;
        let shelf = a_location(&mut connection, "Main shelf", 0).await;
        stock_at(&mut connection, shirt.variants[0], shelf, 40).await;
        stock_at(&mut connection, sandals.variants[0], shelf, 3).await;
        Self {
            shirt,
            sandals,
            shirts,
            empty,
            shelf,
        }
    }
}

/// Who asks, and whom.
pub(crate) struct Clerk {
    pub(crate) stage: Stage,
    pub(crate) goods: Goods,
    function: Instance,
    token: String,
}

impl Clerk {
    /// Starts the function in a shop that has something to sell. The clerk may do everything.
    pub(crate) async fn before(lambda: Lambda) -> Self {
        let stage = Stage::set().await;
        let goods = Goods::on(&stage).await;
        let token = stage.staff_token("ada", Permission::ALL);
        let function = lambda.start(&stage).await;
        Self {
            stage,
            goods,
            function,
            token,
        }
    }

    /// Asks, and wants this status; what the answer holds.
    pub(crate) async fn ask(&mut self, status: u16, request: Request) -> Value {
        let answer = self.function.send(request.bearer(&self.token)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        match answer.body.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }

    /// Asks, with a freeze and a thaw between, and then as nobody.
    pub(crate) async fn ask_twice(&mut self, status: u16, requests: [Request; 2]) -> [Value; 2] {
        let [first, second] = requests;
        let nobody = second.clone();
        let first = self.ask(status, first).await;
        self.function.freeze().await;
        let second = self.ask(status, second).await;
        assert_eq!(self.function.send(nobody).await.status, 401);
        [first, second]
    }

    /// One row of a table that has one: a field of it, as text.
    pub(crate) async fn field(&self, query: &str, name: &str) -> String {
        let row = self.stage.row(query).await;
        let value = &row[name];
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Looks at what was announced, and ends.
    pub(crate) async fn end(self, announced: &[&str]) {
        assert_eq!(self.stage.announced().await, announced);
        self.function.end();
    }
}

/// A request for one thing under a route: each `{…}` of it is replaced in turn.
pub(crate) fn one(method: &'static str, route: &str, ids: &[&dyn ToString]) -> Request {
    let mut target = route.to_owned();
    for id in ids {
        let (from, to) = (target.find('{'), target.find('}'));
        let (from, to) = from.zip(to).expect("a place for the id");
        target.replace_range(from..=to, &id.to_string());
    }
    Request::new(method, &target).route(route)
}
