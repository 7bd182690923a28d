//! The programs under `examples/`, for tests that run them.

use std::path::Path;
use std::process::Command;

/// The program of this example, which `cargo test` builds next to the tests.
pub fn program(example: &str) -> Command {
    let mut path = std::env::current_exe().expect("the path of this test");
    path.pop();
    path.set_file_name("examples");
    path.push(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        build(example, &path);
    }
    Command::new(path)
}

/// `cargo test --test NAME` alone does not build examples.
fn build(example: &str, program: &Path) {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--example", example]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    if cfg!(feature = "wasmi") {
        build.args(["--features", "wasmi"]);
    }
    assert!(build.status().expect("cargo runs").success(), "example {example} does not build");
    assert!(program.exists(), "cargo put example {example} elsewhere than {}", program.display());
}
