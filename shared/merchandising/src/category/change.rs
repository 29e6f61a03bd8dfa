//! Changing and moving a category.

use database::{PgConnection, audit};
use domain::{CategoryId, CategoryName, Cause, Change, Event, Slug, Version};

use super::{Category, CategoryError, parent, path_below, store};
use crate::announce::announce;

/// What is to be changed; what is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ChangeCategory {
    /// Another name.
    pub name: Option<CategoryName>,
    /// Another slug.
    pub slug: Option<Slug>,
    /// Another place among its siblings.
    pub position: Option<i32>,
    /// Another category above it; cleared for the top. What stands below it moves with it.
    pub parent: Change<CategoryId>,
}

/// Changes a category, writes the change down and announces it, all in the caller's transaction; answers
/// the category as it is then. A change that changes nothing writes nothing and leaves the version. The
/// paths of all categories below it follow in the same statement; their versions stay.
///
/// # Errors
/// [`CategoryError`]; the transaction must then be given up.
pub async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    category: CategoryId,
    version: Version,
    change: ChangeCategory,
) -> Result<Category, CategoryError> {
    if change.slug.is_some() || !change.parent.is_leave() {
        store::lock_tree(connection).await?;
    }
    let before = store::lock(connection, category).await?;
    let before = before.ok_or(CategoryError::NotFound)?;
    version.must_be(before.version)?;
    let after = decide(connection, cause, &before, change).await?;
    let Some((was, is)) = audit::difference(&before.audited(), &after.audited()) else {
        return Ok(before);
    };
    if after.path == before.path {
        store::update(connection, &after).await?;
    } else {
        store::move_subtree(connection, &before, &after).await?;
    }
    let changed = audit::Change {
        action: "category.updated",
        entity: "category",
        id: category.uuid(),
        before: Some(was),
        after: Some(is),
    };
    audit::record(connection, cause, &changed).await?;
    let category_id = category;
    announce(
        connection,
        cause,
        Event::CategoryUpdated { category_id },
        None,
    )
    .await?;
    Ok(after)
}

/// What the category becomes, or why it cannot.
async fn decide(
    connection: &mut PgConnection,
    cause: &Cause,
    before: &Category,
    change: ChangeCategory,
) -> Result<Category, CategoryError> {
    let slug = change
        .slug
        .map_or_else(|| before.slug.clone(), |slug| slug.to_string());
    let parent_id = change.parent.apply(before.parent);
    let path = if slug == before.slug && parent_id == before.parent {
        before.path.clone()
    } else {
        let above = parent(connection, parent_id).await?;
        if above
            .as_ref()
            .is_some_and(|above| above.path.starts_with(&before.path))
        {
            return Err(CategoryError::Cycle);
        }
        path_below(above.as_ref(), &slug)
    };
    Ok(Category {
        id: before.id,
        parent: parent_id,
        slug,
        name: change
            .name
            .map_or_else(|| before.name.clone(), |name| name.to_string()),
        position: change.position.unwrap_or(before.position),
        path,
        version: before.version.saturating_add(1),
        updated_at: cause.at,
    })
}
