//! Files of products: sent in, read on after every interruption, and written so that they can be sent in
//! again.

mod exports;
mod imports;
mod interrupted;
mod room;
