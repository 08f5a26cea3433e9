//! The program `market-ops`: reads the command line and ends with what came of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ops::main()
}
