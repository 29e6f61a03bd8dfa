//! The request and its answer.

use std::collections::BTreeSet;

use domain::{AdjustmentId, AdjustmentKind, LocationId, Pieces, Reason, VariantId};
use edge::{Field, FieldErrors, Problem, Unknown};
use serde::{Deserialize, Serialize};
use stock::{Adjust, AdjustLine, Adjusted, AdjustedLine};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most lines of one adjustment.
const MOST_LINES: usize = 100;

/// What came in, was counted wrong, or is gone.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdjustStock)]
pub(crate) struct AdjustStockBody {
    /// `receive`, `correct` or `write_off`.
    #[schema(value_type = String, required, pattern = "^(receive|correct|write_off)$")]
    kind: Field<String>,
    /// For those who ask later; names no person.
    #[schema(value_type = String, required, min_length = 1, max_length = 500, example = "Delivery note 4711")]
    reason: Field<String>,
    /// Each variant at each location once.
    #[schema(value_type = Vec<AdjustLineBody>, required, min_items = 1, max_items = 100)]
    lines: Field<Vec<Field<AdjustLineBody>>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// A shelf, and how many pieces.
#[derive(Deserialize, ToSchema)]
#[schema(as = AdjustLine)]
pub(crate) struct AdjustLineBody {
    #[schema(value_type = Uuid, required)]
    variant_id: Field<String>,
    #[schema(value_type = Uuid, required)]
    location_id: Field<String>,
    /// How many came in or are gone; of a correction, by how many the count was wrong, negative where
    /// there are fewer.
    #[schema(value_type = i64, required, minimum = -1_000_000, maximum = 1_000_000, example = 50)]
    quantity: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl AdjustStockBody {
    /// The adjustment, or every fault at once.
    pub(crate) fn check(self) -> Result<Adjust, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let kind = errors.word("kind", self.kind, AdjustmentKind::ALL);
        let reason = errors.required("reason", self.reason, |text| Reason::parse(&text));
        let mut shelves = BTreeSet::new();
        // Any number is judged by some kind, so that all faults are told at once.
        let judge = kind.unwrap_or(AdjustmentKind::Correct);
        let lines = errors.list("lines", self.lines, 1..=MOST_LINES, |line, errors| {
            line.check(errors, judge, &mut shelves)
        });
        let adjustment = (|| {
            Some(Adjust {
                id: AdjustmentId::new(),
                kind: kind?,
                reason: reason?,
                lines: lines?,
            })
        })();
        errors.finish(adjustment)
    }
}

impl AdjustLineBody {
    fn check(
        self,
        errors: &mut FieldErrors,
        kind: AdjustmentKind,
        shelves: &mut BTreeSet<(VariantId, LocationId)>,
    ) -> Option<AdjustLine> {
        errors.refuse_unknown(&self.unknown);
        let variant = errors.id("variant_id", self.variant_id);
        let location = errors.id("location_id", self.location_id);
        let pieces = errors.required("quantity", self.quantity, |n| Pieces::of(kind, n));
        let (variant, location) = (variant?.into(), location?.into());
        if !shelves.insert((variant, location)) {
            let detail = "names a variant at a location that another line names";
            errors.push("variant_id", "repeated_line", detail);
            return None;
        }
        Some(AdjustLine {
            variant,
            location,
            pieces: pieces?,
        })
    }
}

/// An adjustment as it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = StockAdjustment)]
pub(crate) struct AdjustmentBody {
    /// By which its movements are found.
    id: Uuid,
    #[schema(value_type = String, pattern = "^(receive|correct|write_off)$")]
    kind: AdjustmentKind,
    /// As it was written down.
    reason: String,
    /// In the order of the request.
    lines: Vec<AdjustedLineBody>,
}

/// A shelf after the adjustment.
#[derive(Serialize, ToSchema)]
#[schema(as = StockAdjustmentLine)]
struct AdjustedLineBody {
    variant_id: Uuid,
    /// The merchant's name of the variant.
    #[schema(example = "ANK-SHIRT-42")]
    sku: String,
    location_id: Uuid,
    /// By how many pieces the shelf has changed.
    change: i64,
    /// On the shelf now.
    on_hand: i64,
    /// Promised to orders.
    reserved: i64,
    /// On the shelf and not promised.
    available: i64,
}

impl AdjustmentBody {
    /// The answer, as it is given and stored.
    pub(crate) fn json(wish: &Adjust, adjusted: Adjusted) -> String {
        let body = Self {
            id: wish.id.uuid(),
            kind: wish.kind,
            reason: wish.reason.as_str().to_owned(),
            lines: adjusted.lines.into_iter().map(Into::into).collect(),
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl From<AdjustedLine> for AdjustedLineBody {
    fn from(line: AdjustedLine) -> Self {
        Self {
            variant_id: line.variant.uuid(),
            sku: line.sku,
            location_id: line.location.uuid(),
            change: line.pieces,
            on_hand: line.on_hand,
            reserved: line.reserved,
            available: line.on_hand - line.reserved,
        }
    }
}
