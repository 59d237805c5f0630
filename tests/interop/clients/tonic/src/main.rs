//! A client on tonic: it runs one case on one channel.

mod cases;
mod service;
mod stream;

use std::collections::HashMap;
use std::process::ExitCode;

/// The stubs.
pub mod pb {
    tonic::include_proto!("unisono.v1");
}

/// Where the version of the library is pinned.
const MANIFEST: &str = include_str!("../Cargo.toml");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--version"] {
        println!("tonic {}", version());
        return ExitCode::SUCCESS;
    }
    let options: HashMap<&str, &str> =
        arguments.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    match cases::run(options["--case"], options["--address"]).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::FAILURE
        }
    }
}

fn version() -> &'static str {
    let (_, pinned) = MANIFEST.split_once("\ntonic = { version = \"=").expect("tonic is pinned");
    pinned.split('"').next().unwrap_or_default()
}
