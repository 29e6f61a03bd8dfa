//! Making a category.

use database::{PgConnection, audit};
use domain::{CategoryId, CategoryName, Cause, Event, Slug};

use super::{Category, CategoryError, parent, path_below, store};
use crate::announce::announce;
use crate::product;

/// A category to be made.
#[derive(Debug, Clone)]
pub struct NewCategory {
    /// Its name.
    pub name: CategoryName,
    /// Its name in addresses; none to have one made of its name.
    pub slug: Option<Slug>,
    /// The category above it; none for the top.
    pub parent: Option<CategoryId>,
    /// Its place among its siblings; none for the last.
    pub position: Option<i32>,
}

/// Makes a category, writes it down and announces it, all in the caller's transaction; answers it.
///
/// # Errors
/// [`CategoryError`]; the transaction must then be given up.
pub async fn create(
    connection: &mut PgConnection,
    cause: &Cause,
    new: NewCategory,
) -> Result<Category, CategoryError> {
    store::lock_tree(connection).await?;
    let above = parent(connection, new.parent).await?;
    let slug = match &new.slug {
        Some(slug) => slug.clone(),
        None => free_slug(connection, &new.name).await?,
    };
    let position = match new.position {
        Some(position) => position,
        None => store::behind(connection, new.parent).await?,
    };
    let category = Category {
        id: CategoryId::new(),
        parent: new.parent,
        path: path_below(above.as_ref(), slug.as_str()),
        slug: slug.to_string(),
        name: new.name.to_string(),
        position,
        version: 1,
        updated_at: cause.at,
    };
    store::insert(connection, &category).await?;
    let made = audit::Change {
        action: "category.created",
        entity: "category",
        id: category.id.uuid(),
        before: None,
        after: Some(category.audited()),
    };
    audit::record(connection, cause, &made).await?;
    let category_id = category.id;
    announce(
        connection,
        cause,
        Event::CategoryUpdated { category_id },
        None,
    )
    .await?;
    Ok(category)
}

/// A slug that is made of a name, numbered where it is taken. The tree is locked: it stays free.
async fn free_slug(
    connection: &mut PgConnection,
    name: &CategoryName,
) -> Result<Slug, CategoryError> {
    let words = product::folded(connection, &[name.to_string()]).await?;
    let plain = Slug::of_words(&words.concat()).or_else(|| Slug::of_words("category"));
    let plain = plain.ok_or(CategoryError::SlugTaken)?;
    match store::free_number(connection, &plain).await? {
        Some(1) => Ok(plain),
        number => number
            .and_then(|number| plain.numbered(number))
            .ok_or(CategoryError::SlugTaken),
    }
}
