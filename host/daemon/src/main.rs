//! The program.

use std::process::ExitCode;

// A proxy's bodies come and go in 64 KiB pieces; glibc gives each back to the system.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    tidegate::cli::main()
}
