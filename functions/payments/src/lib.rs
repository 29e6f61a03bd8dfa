//! What the functions of the area `payments` share.
