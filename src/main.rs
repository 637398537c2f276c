//! The program. Everything else is in the library, so that tests of single functions need no binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    virtwork::main()
}
