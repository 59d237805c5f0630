//! Makes the stubs of the descriptors that `buf build` wrote to the file of the variable UNISONO_DESCRIPTORS.

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::var("UNISONO_DESCRIPTORS")?;
    println!("cargo:rerun-if-env-changed=UNISONO_DESCRIPTORS");
    println!("cargo:rerun-if-changed={file}");
    let descriptors = prost_types::FileDescriptorSet::decode(std::fs::read(file)?.as_slice())?;
    tonic_prost_build::configure().build_server(false).build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
