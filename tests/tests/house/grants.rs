//! What each function uses against what it is granted: nothing missing, nothing extra.

mod privileges;
mod statements;
mod tables;
