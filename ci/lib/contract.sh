# shellcheck shell=bash disable=SC2034 # The scripts that source this use the variables.
# Sourced by the scripts beside this folder: the contract tests of the core. They need no engine, so
# they build quickly with any flags.

# Keeps engines and hosts out of the build (see Cargo.toml).
readonly CORE_ONLY='--cfg highwater_core_only'

# The tests that run anywhere. Others handle signals, pages or the allocator themselves.
readonly CONTRACT=(bad_input budget capacity exactness floor floor_is_one_load ids iterators linearizability
    linearizability_checker sequential_rule snapshot snapshots trackers windows windows_threads)

# `--test` options for the names given.
test_options() {
    printf -- '--test %s ' "$@"
}
