//! Puts `memory.x` where the linker looks for it, and the guests, assembled, where the program
//! includes them from.

use std::{env, fs, path::PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("OUT_DIR can be written");
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed=memory.x");

    println!("cargo::rerun-if-changed=guests");
    for guest in ["buffer", "journal"] {
        let wasm = wat::parse_file(format!("guests/{guest}.wat")).expect("a valid guest");
        fs::write(out.join(guest).with_extension("wasm"), wasm).expect("OUT_DIR can be written");
    }
}
