//! A category as staff are shown it, and where a refusal of one has its reason.

use chrono::{DateTime, Utc};
use domain::{CategoryId, Fault as _};
use edge::{FieldError, Problem};
use merchandising::category::{Category, CategoryError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminCategory)]
pub struct AdminCategoryBody {
    /// Its identity.
    pub id: Uuid,
    /// The category above it; null at the top.
    #[schema(required)]
    pub parent_id: Option<Uuid>,
    /// Its name in addresses.
    #[schema(example = "shirts")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shirts")]
    pub name: String,
    /// Its place among its siblings, the lowest first.
    pub position: i32,
    /// The slugs from the top.
    #[schema(example = "/clothes/shirts/")]
    pub path: String,
    /// Counts up with each change of it; to be sent as `If-Match`.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl From<Category> for AdminCategoryBody {
    fn from(category: Category) -> Self {
        Self {
            id: category.id.uuid(),
            parent_id: category.parent.map(CategoryId::uuid),
            slug: category.slug,
            name: category.name,
            position: category.position,
            path: category.path,
            version: category.version,
            updated_at: category.updated_at,
        }
    }
}

/// The refusal with its places.
#[must_use]
pub fn category_refused(error: CategoryError) -> Problem {
    let at = |pointer: &str| {
        vec![FieldError {
            pointer: pointer.to_owned(),
            code: error.code().into(),
            detail: error.to_string(),
        }]
    };
    match &error {
        CategoryError::UnknownParent(_) => Problem::invalid(at("/parent_id")),
        CategoryError::SlugTaken => {
            let errors = at("/slug");
            Problem::from(error).with_errors(errors)
        }
        CategoryError::Cycle | CategoryError::TooDeep => {
            let errors = at("/parent_id");
            Problem::from(error).with_errors(errors)
        }
        CategoryError::NotFound
        | CategoryError::Stale(_)
        | CategoryError::NotEmpty
        | CategoryError::Database(_) => Problem::from(error),
    }
}
