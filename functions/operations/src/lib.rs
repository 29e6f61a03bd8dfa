//! What the functions of the area `operations` share: nothing yet.
