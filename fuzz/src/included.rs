//! Parts of the relay and of the command that others cannot reach: taken in as they are, file by file, so that a fuzzer's build
//! needs no server.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "files of other crates, of which a part is used"
)]

#[path = "../../relay/src/genesys/bayeux.rs"]
pub(crate) mod bayeux;
#[path = "../../relay/src/rules.rs"]
pub(crate) mod rules;

/// The page in memory that the encoder's own tests have.
#[path = "../../protocol/tests/common/mod.rs"]
pub(crate) mod page;
