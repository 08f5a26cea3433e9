//! Writes the stacks of the functions, or with `local` what `sam local` reads. What stands in
//! them, the library says.

use std::{
    env, fs,
    io::{Error, Result},
    path::Path,
};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => templates::STACKS
            .iter()
            .try_for_each(|stack| fs::write(root.join(stack.path()), stack.render())),
        ["local"] => fs::write(root.join(templates::LOCAL_PATH), templates::local()),
        _ => Err(Error::other("usage: templates [local]")),
    }
}
