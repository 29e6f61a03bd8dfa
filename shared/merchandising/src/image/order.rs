//! The order of a product's pictures.

use domain::ImageId;

/// Puts a picture to a place among the others, those behind it moving on; a place beyond the end is the
/// last one.
pub(super) fn put(order: &mut Vec<ImageId>, image: ImageId, place: Option<u16>) {
    order.retain(|other| *other != image);
    let place = place.map_or(order.len(), usize::from).min(order.len());
    order.insert(place, image);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_picture_stands_at_its_place_and_the_others_keep_their_order(
            count in 0_usize..20, chosen in 0_usize..25, place in prop::option::of(0_u16..30),
        ) {
            let mut order: Vec<ImageId> = (0..count).map(|_| ImageId::new()).collect();
            let image = order.get(chosen).copied().unwrap_or_else(ImageId::new);
            let others: Vec<ImageId> = order.iter().copied().filter(|other| *other != image).collect();
            put(&mut order, image, place);
            let expected = place.map_or(others.len(), usize::from).min(others.len());
            prop_assert_eq!(order.iter().position(|other| *other == image), Some(expected));
            order.retain(|other| *other != image);
            prop_assert_eq!(order, others);
        }
    }
}
