//! Nothing: the tests are what these packages are for.
