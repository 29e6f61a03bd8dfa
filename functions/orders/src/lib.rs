//! What the functions of the area `orders` share.
