//! libFuzzer and one target, which `COBROWSE_FUZZ_TARGET` names: `cargo xtask fuzz` builds and runs it.

#![no_main]
#![allow(clippy::expect_used, reason = "a tool of ours")]

use fuzz::Target;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("COBROWSE_FUZZ_TARGET").expect("COBROWSE_FUZZ_TARGET names a target");
    fuzz::target(&name).expect("COBROWSE_FUZZ_TARGET names one of `corpus list`")
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
