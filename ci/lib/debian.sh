# shellcheck shell=bash
# Sourced by the scripts beside this folder: Debian's packages, and Debian's Rust. The latter brings
# the source of the standard library, so any target can be built without rustup's downloads.

# Installs the given packages that are missing.
debian_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null |
            grep -qx installed || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}" >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Makes `$CARGO` Debian's, and Debian's Rust the one that it uses, with -Zbuild-std. The output goes
# apart from that of the project's own toolchain.
use_debian_rust() {
    debian_install rustc-web cargo-web rust-web-src lld binutils
    RUSTC=$(dpkg -L rustc-web | grep 'bin/rustc$')
    RUSTDOC=$(dpkg -L rustc-web | grep 'bin/rustdoc$')
    CARGO=$(dpkg -L cargo-web | grep '^/usr/bin/cargo$')
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/debian
    export RUSTC RUSTDOC CARGO CARGO_TARGET_DIR RUSTC_BOOTSTRAP=1
    unset RUSTFLAGS RUSTUP_TOOLCHAIN
}
