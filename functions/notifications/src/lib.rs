//! What the functions of the area `notifications` share.
