//! The programs under `examples/`, for tests that run them.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// The program of this example, as its sources are now. `cargo test` has built it, so that this
/// only checks; `cargo test --test NAME` alone builds no examples.
pub fn program(example: &str) -> Command {
    /// Several tests at once would wait for cargo's lock anyway.
    static CARGO: Mutex<()> = Mutex::new(());
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("in `deps` of a profile");
    let path = profile.join("examples").join(format!("{example}{}", std::env::consts::EXE_SUFFIX));

    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--example", example]).current_dir(env!("CARGO_MANIFEST_DIR"));
    build.arg("--target-dir").arg(profile.parent().expect("a profile is in the target folder"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let features = [("wasmi", cfg!(feature = "wasmi")), ("wasmtime-async", cfg!(feature = "wasmtime-async"))];
    for (feature, _) in features.into_iter().filter(|(_, is_on)| *is_on) {
        build.args(["--features", feature]);
    }
    let _one_at_a_time = CARGO.lock();
    assert!(build.status().expect("cargo runs").success(), "example {example} does not build");
    assert!(path.exists(), "cargo put example {example} elsewhere than {}", path.display());
    Command::new(path)
}
