//! The targets, one file each.

pub mod bayeux;
pub mod control;
pub mod diff;
pub mod frame;
pub mod html;
pub mod markup;
pub mod ops;
pub mod privacy;
pub mod recording;
pub mod rrweb;
pub mod rules;
