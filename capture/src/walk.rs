//! The page against the mirror: a walk of the page is told as facts, and compared with what is there.
//!
//! The walk begins at a node and goes on in tree order. Where attributes or data differ, the mirror is set right at once, past
//! the gate as ever. Where children differ, their parent is a *stray*: it is named ([`Recorder::strays`]), and whoever
//! has the page states its children afresh. Form state, positions and style sheets are no part of it: they are polled.

use crate::{
    facts::{Batch, tag},
    privacy::{self, Verdict},
    recorder::{ReadError, Recorder},
};
use protocol::{
    names::{NameId, Namespace},
    tree::{Kind, NONE},
};

/// Where the walk is.
struct Place {
    parent: u32,
    /// The mirror's node that should come next, or [`NONE`] behind the last child.
    next: u32,
    /// How many ends of elements are to come before the comparison goes on; 0 while it does.
    skipped: u32,
}

impl Recorder {
    /// How many operations wait for the next frame, and nodes to be told anew; then the parents that were found to have other children than the
    /// mirror has; it is forgotten with this.
    pub fn strays(&mut self) -> Vec<u32> {
        let retold = u32::try_from(self.retells().len()).unwrap_or(NONE);
        let mut told = vec![self.encoder.ops() + retold];
        told.append(&mut self.strays);
        told
    }

    /// Takes what follows [`tag::CHECK`].
    pub(crate) fn check(&mut self, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let id = batch.word("a node id")?;
        let inside = batch.word("1 for a parent whose children follow, or 0")? != 0;
        let mut place = match inside {
            true => Place { parent: id, next: self.first(id), skipped: 0 },
            false => Place { parent: self.encoder.mirror().node(id).parent, next: id, skipped: 0 },
        };
        loop {
            match batch.word("a fact")? {
                tag::END => return Ok(()),
                tag::UP => self.check_end(&mut place),
                tag::ELEMENT => self.check_element(batch, &mut place)?,
                tag::TEXT => self.check_leaf(batch, &mut place, Kind::Text)?,
                tag::COMMENT => self.check_leaf(batch, &mut place, Kind::Comment)?,
                tag::INSTRUCTION => self.check_leaf(batch, &mut place, Kind::Instruction)?,
                tag::DOCTYPE => self.check_leaf(batch, &mut place, Kind::Doctype)?,
                _ => return Err(batch.malformed("an element, a leaf or an end").into()),
            }
        }
    }

    /// The first child that is no fragment: those are roots of their own, or style sheets.
    fn first(&self, parent: u32) -> u32 {
        let mirror = self.encoder.mirror();
        mirror.children(parent).find(|id| !mirror.node(*id).kind.is_fragment()).unwrap_or(NONE)
    }

    fn stray(&mut self, place: &mut Place, levels: u32) {
        self.strays.push(place.parent);
        place.skipped = levels;
    }

    fn check_end(&mut self, place: &mut Place) {
        if place.skipped > 1 {
            place.skipped -= 1;
            return;
        }
        if place.skipped == 0 && place.next != NONE {
            self.strays.push(place.parent);
        }
        let node = self.encoder.mirror().node(place.parent);
        *place = Place { parent: node.parent, next: node.next, skipped: 0 };
    }

    fn check_element(&mut self, batch: &mut Batch<'_>, place: &mut Place) -> Result<(), ReadError> {
        let told = batch.word("a node id")?;
        let name = self.name(batch)?;
        let marks = batch.word("marks")?;
        let count = batch.word("a number of attributes")?;
        let id = place.next;
        let node = *self.encoder.mirror().node(id);
        let is_same = node.kind == Kind::Element && node.name == name && (told == NONE || told == id);
        let is_compared = place.skipped == 0 && is_same;
        if place.skipped > 0 {
            place.skipped += 1;
        } else if !is_compared {
            self.stray(place, 2);
        }
        let mut attrs = Vec::new();
        for _ in 0..count {
            let name = self.name(batch)?;
            let units = batch.word("a length")?;
            attrs.push((name, batch.string(units)?));
        }
        if !is_compared {
            return Ok(());
        }
        // What of it may be said follows from what it is now: where that is something else, it is told anew as a whole.
        if self.is_rejudged(id, marks, &attrs) {
            *place = Place { parent: id, next: NONE, skipped: 1 };
            return Ok(());
        }
        for (name, value) in &attrs {
            self.set(id, *name, value)?;
        }
        *place = Place { parent: id, next: self.first(id), skipped: 0 };
        while let Some(name) = self.untold(id, &attrs) {
            self.encoder.remove_attr(id, name);
        }
        Ok(())
    }

    /// An attribute that the mirror has and the page has not.
    fn untold(&self, id: u32, told: &[(NameId, &str)]) -> Option<NameId> {
        let mirror = self.encoder.mirror();
        let mut names = mirror.attrs(id).map(|(name, _)| name);
        names.find(|name| mirror.names.get(*name).0 != Namespace::Prop && told.iter().all(|(told, _)| told != name))
    }

    fn check_leaf(&mut self, batch: &mut Batch<'_>, place: &mut Place, kind: Kind) -> Result<(), ReadError> {
        let told = batch.word("a node id")?;
        let units = batch.word("a length")?;
        let data = batch.string(units)?;
        if place.skipped > 0 {
            return Ok(());
        }
        let verdict = match kind {
            Kind::Doctype => Verdict::Pass,
            _ => privacy::data(self.policy, self.rules(place.parent), data, &mut self.gated),
        };
        if verdict == Verdict::Drop {
            return Ok(());
        }
        let id = place.next;
        let node = *self.encoder.mirror().node(id);
        if node.kind != kind || told != NONE && told != id {
            self.stray(place, 1);
            return Ok(());
        }
        place.next = node.next;
        match verdict {
            Verdict::Pass => self.encoder.set_data(id, data.as_bytes())?,
            _ => self.encoder.set_data(id, &self.gated)?,
        }
        Ok(())
    }
}
