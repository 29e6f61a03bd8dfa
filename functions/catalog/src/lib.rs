//! What the functions of the area `catalog` share.
