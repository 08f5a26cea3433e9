//! The stacks of the functions, made from what the code says of them: where each answers, what
//! wakes it, and what it uses. `cargo run -p templates` writes them. All other stacks are written
//! by hand, and `tests/tidy` reads both without knowing how this is done.

mod alarm;
mod api;
mod events;
mod function;
mod local;
mod names;
mod role;
mod size;
mod stack;
mod variables;
mod yaml;

pub use local::{LOCAL_PATH, local};
pub use stack::{STACKS, Stack};
