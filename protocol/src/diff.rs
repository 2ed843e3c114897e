//! From facts about the page to the fewest operations: the hot path.
//!
//! Between two frames the reader of the page gathers which nodes were named by mutation records. When the frame is due
//! it states what is true of them *now*, as facts, in any order:
//!
//! - [`Encoder::gone`]: a node the mirror has is no longer in the page;
//! - [`Encoder::run`] … [`Encoder::end_run`]: a maximal row of adjacent siblings that were named, in a parent the mirror
//!   has, with the first sibling behind them that was not named. Each is either known ([`Encoder::known`]) or new, and
//!   then told whole ([`Encoder::element`], [`Encoder::leaf`], …, known nodes among its descendants included);
//! - [`Encoder::set_attr`], [`Encoder::remove_attr`], [`Encoder::set_data`]: the value that there is.
//!
//! From that follows what is a move, what stayed, and in which order the other end can carry it out; the mirror moves
//! on as the operations are written. A fact that is already true costs nothing. Work is linear in the facts: siblings
//! are looked at only where a good share of one parent's children is among them.

use crate::{
    Error, ErrorKind,
    encoder::{Encoder, write_subtree},
    error::Result,
    names::NameId,
    sort::sort,
    tree::{Kind, NONE, Order, ROOT, Refused, flag},
};
use std::ops::Range;

/// A parent's children are ranked when at least one node was named for so many of them: then the longest run of those in
/// the right order stays, and every other is moved. Where fewer were named, all those named are moved.
const RANK_SHARE: usize = 4;

/// Room for so many freed ids is kept between frames.
const KEPT_FREED: usize = 1 << 12;

/// How many named siblings are passed over in search of one that may have stayed.
const LOOK_BACK: usize = 8;

/// Marks what is placed among the siblings it had before, in a parent whose children are put into order as a whole.
/// Ids are below it: [`crate::Limits::nodes`] is.
const SHIFTED: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Run {
    parent: u32,
    before: u32,
    start: u32,
    end: u32,
    /// How many of its nodes the mirror had.
    kept: u32,
}

/// A parent whose children are put into order as a whole: where those it had are in `befores`, and those it gets in
/// `orders`.
#[derive(Debug, Clone)]
struct Arranged {
    parent: u32,
    before: Range<usize>,
    order: Range<usize>,
}

/// Memory of the diff, kept between frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    runs: Vec<Run>,
    entries: Vec<u32>,
    gone: Vec<u32>,
    /// A node of which two facts say what cannot be both true.
    contradicted: Option<u32>,
    /// New nodes whose children are being told, outermost first.
    open: Vec<u32>,
    moved: Vec<u32>,
    /// What is to be placed, once it is known what stays.
    placements: Vec<Run>,
    placed: Vec<u32>,
    /// What is placed and was in the page, to be taken from there first.
    taken: Vec<u32>,
    /// The children to be of the parent being ranked, each with its place among those it had, or [`NONE`].
    sequence: Vec<(u32, u32)>,
    /// The place of each child of the parent being ranked, counted from `first_rank` on; less is of an earlier parent.
    ranks: Vec<u32>,
    first_rank: u32,
    tails: Vec<u32>,
    tail_ranks: Vec<u32>,
    links: Vec<u32>,
    waiting: Vec<Run>,
    /// Children of a ranked parent that are about to go.
    left: Vec<(u32, u32)>,
    /// Parents whose children were ranked.
    arranged: Vec<Arranged>,
    befores: Vec<u32>,
    orders: Vec<(u32, u32)>,
    order_links: Vec<(u32, u32)>,
    freed: Vec<u32>,
}

impl Scratch {
    /// Bytes taken from the allocator.
    pub(crate) fn memory(&self) -> usize {
        let ids = [
            &self.entries,
            &self.gone,
            &self.open,
            &self.moved,
            &self.placed,
            &self.taken,
            &self.ranks,
            &self.tails,
            &self.tail_ranks,
            &self.links,
            &self.befores,
            &self.freed,
        ];
        let pairs = [&self.sequence, &self.left, &self.orders, &self.order_links];
        let runs = [&self.runs, &self.placements, &self.waiting];
        ids.map(Vec::capacity).iter().sum::<usize>() * size_of::<u32>()
            + pairs.map(Vec::capacity).iter().sum::<usize>() * size_of::<(u32, u32)>()
            + runs.map(Vec::capacity).iter().sum::<usize>() * size_of::<Run>()
            + self.arranged.capacity() * size_of::<Arranged>()
    }
}

impl Encoder {
    /// Begins the facts of a frame.
    pub fn begin(&mut self) {
        let scratch = &mut self.scratch;
        for list in [&mut scratch.entries, &mut scratch.gone, &mut scratch.open, &mut scratch.moved] {
            list.clear();
        }
        scratch.runs.clear();
        scratch.contradicted = None;
    }

    /// A node the mirror has is no longer in the page.
    pub fn gone(&mut self, id: u32) {
        if self.mirror.is_live(id) && id != ROOT && !self.mirror.has_flags(id, flag::GONE) {
            if self.mirror.has_flags(id, flag::TOUCHED | flag::MOVED) {
                self.scratch.contradicted = Some(id);
            }
            self.mirror.set_flags(id, flag::GONE);
            self.scratch.gone.push(id);
        }
    }

    /// Begins a run in `parent`, before its child `before` (which no fact names) or, with [`NONE`], at its end.
    pub fn run(&mut self, parent: u32, before: u32) {
        let start = narrow(self.scratch.entries.len());
        self.scratch.runs.push(Run { parent, before, start, end: start, kept: 0 });
    }

    /// Ends the run.
    pub fn end_run(&mut self) {
        let end = narrow(self.scratch.entries.len());
        if let Some(run) = self.scratch.runs.last_mut() {
            run.end = end;
        }
    }

    /// A node the mirror has: the next of the run, or of the children of the new node being told.
    pub fn known(&mut self, id: u32) {
        let said = flag::LIVE | flag::RETIRED | flag::TOUCHED | flag::MOVED | flag::GONE;
        if id == ROOT || self.mirror.flags(id) & said != flag::LIVE {
            self.scratch.contradicted = Some(id);
            return;
        }
        match self.scratch.open.last().copied() {
            None => {
                self.mirror.set_flags(id, flag::TOUCHED);
                self.scratch.entries.push(id);
                if let Some(run) = self.scratch.runs.last_mut() {
                    run.kept += 1;
                }
            }
            Some(parent) if self.mirror.is_within(parent, id) => self.scratch.contradicted = Some(id),
            Some(parent) => {
                self.mirror.set_flags(id, flag::MOVED);
                self.scratch.moved.push(id);
                self.mirror.unlink(id);
                self.mirror.link(id, parent, NONE);
            }
        }
    }

    fn create(&mut self, kind: Kind, name: NameId, data: &[u8]) -> Result<u32> {
        let id = self.ids.take().ok_or_else(|| too_much(Refused::Id))?;
        if let Err(refused) = self.mirror.create(id, kind, name, data) {
            self.ids.release(id);
            return Err(too_much(refused));
        }
        match self.scratch.open.last().copied() {
            None => self.scratch.entries.push(id),
            Some(parent) => self.mirror.link(id, parent, NONE),
        }
        Ok(id)
    }

    /// A new element; its attributes, then its children, then [`Encoder::up`] follow. Returns its id.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn element(&mut self, name: NameId) -> Result<u32> {
        let id = self.create(Kind::Element, name, &[])?;
        self.scratch.open.push(id);
        Ok(id)
    }

    /// An attribute or property of a new element or shadow root.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn attr(&mut self, id: u32, name: NameId, value: &[u8]) -> Result<()> {
        self.mirror.set_attr(id, name, value).map_err(too_much)
    }

    /// A new text, comment, doctype or processing instruction. Returns its id.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn leaf(&mut self, kind: Kind, data: &[u8]) -> Result<u32> {
        self.create(kind, NameId::NONE, data)
    }

    /// A fragment of the element being told, or of a run's parent: a template's content, a shadow root or a style sheet;
    /// its children and [`Encoder::up`] follow. It comes before any other child. Returns its id.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn fragment(&mut self, kind: Kind) -> Result<u32> {
        let id = self.create(kind, NameId::NONE, &[])?;
        self.scratch.open.push(id);
        Ok(id)
    }

    /// The children of a new node are complete.
    pub fn up(&mut self) {
        self.scratch.open.pop();
    }

    /// An attribute or property of a node the mirror has: the value that there is.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn set_attr(&mut self, id: u32, name: NameId, value: &[u8]) -> Result<()> {
        let old = self.mirror.attr(id, name);
        if old == Some(value) || !self.mirror.node(id).kind.has_attrs() {
            return Ok(());
        }
        self.writer.change_attr(id, name, &self.mirror.names, old, value);
        self.mirror.set_attr(id, name, value).map_err(too_much)
    }

    /// An attribute or property that a node the mirror has does not have.
    pub fn remove_attr(&mut self, id: u32, name: NameId) {
        if self.mirror.attr(id, name).is_some() {
            self.writer.remove_attr(id, name, &self.mirror.names);
            self.mirror.remove_attr(id, name);
        }
    }

    /// The data of a text, comment or processing instruction the mirror has.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the tree is full.
    pub fn set_data(&mut self, id: u32, data: &[u8]) -> Result<()> {
        if self.mirror.data(id) == data || !self.mirror.node(id).kind.has_data() {
            return Ok(());
        }
        self.writer.change_data(id, self.mirror.data(id), data);
        self.mirror.set_data(id, data).map_err(too_much)
    }

    /// Ends the facts so far without a frame; those that follow are based on them. Before the first keyframe only.
    ///
    /// # Errors
    /// As for [`Encoder::delta`].
    pub fn commit(&mut self) -> Result<()> {
        debug_assert!(!self.started, "what is not in a frame is not told");
        self.place_runs()
    }

    /// Turns runs and removals into operations. Called when the frame is ended.
    pub(crate) fn place_runs(&mut self) -> Result<()> {
        self.decide()?;
        self.emit()?;
        let Scratch { runs, entries, moved, .. } = &self.scratch;
        let named = runs.iter().flat_map(|run| &entries[run.start as usize..run.end as usize]);
        for id in named.chain(moved) {
            self.mirror.clear_flags(*id, flag::TOUCHED | flag::MOVED);
        }
        self.remove_gone();
        self.begin();
        Ok(())
    }

    /// Decides for each parent what stays and what is placed where.
    fn decide(&mut self) -> Result<()> {
        if let Some(id) = self.scratch.contradicted {
            return Err(contradiction("a node that is there, and said to be in one place or gone", id));
        }
        let scratch = &mut self.scratch;
        for list in [&mut scratch.placed, &mut scratch.taken, &mut scratch.befores] {
            list.clear();
        }
        scratch.orders.clear();
        scratch.placements.clear();
        scratch.arranged.clear();
        if self.scratch.runs.is_empty() {
            return Ok(());
        }
        let mut runs = std::mem::take(&mut self.scratch.runs);
        sort(&mut runs, |run| u64::from(run.parent) << 32 | u64::from(run.before));
        let mut decided = Ok(());
        for group in runs.chunk_by_mut(|a, b| a.parent == b.parent) {
            decided = self.decide_parent(group);
            if decided.is_err() {
                break;
            }
        }
        self.scratch.runs = runs;
        decided
    }

    fn decide_parent(&mut self, group: &mut [Run]) -> Result<()> {
        let parent = group[0].parent;
        if !self.mirror.is_live(parent) || !self.mirror.node(parent).kind.has_children() {
            return Err(contradiction("a run in a parent that is there", parent));
        }
        let mut named = 0;
        for run in &*group {
            let anchored = run.before == NONE
                || self.mirror.node(run.before).parent == parent
                    && !self.mirror.has_flags(run.before, flag::TOUCHED | flag::GONE);
            if !anchored {
                return Err(contradiction("a run before a settled child of its parent", run.before));
            }
            named += run.kept as usize;
        }
        if group.windows(2).any(|pair| pair[0].before == pair[1].before) {
            return Err(contradiction("one run before a node", group[0].before));
        }
        let enough = named * RANK_SHARE;
        let all = self.mirror.count() as usize;
        if named > 0 && (all <= enough || self.mirror.children(parent).take(enough + 1).count() <= enough) {
            self.rank(group);
            // Their marks go when the children are arranged.
            for run in group {
                run.end = run.start;
            }
        } else {
            for run in group {
                self.keep_neighbours(*run);
            }
        }
        Ok(())
    }

    /// Few of many were named: a named node stays if it is still right before what follows it.
    fn keep_neighbours(&mut self, run: Run) {
        let mut cursor = run.before;
        for index in (run.start..run.end).rev() {
            let id = self.scratch.entries[index as usize];
            if self.mirror.has_flags(id, flag::TOUCHED) && self.mirror.node(id).parent == run.parent {
                let mut at = self.left_of(cursor, run.parent);
                for _ in 0..LOOK_BACK {
                    if at == id || at == NONE || !self.mirror.has_flags(at, flag::TOUCHED | flag::GONE) {
                        break;
                    }
                    at = self.mirror.node(at).prev;
                }
                if at == id {
                    self.mirror.clear_flags(id, flag::TOUCHED);
                    cursor = id;
                    continue;
                }
            }
            self.place(id, run.parent, cursor);
        }
    }

    fn left_of(&self, cursor: u32, parent: u32) -> u32 {
        if cursor == NONE { self.mirror.last(parent) } else { self.mirror.node(cursor).prev }
    }

    /// Adds a node, in front of those added last, to what is placed before `before`. Placements are filled from right
    /// to left.
    fn place(&mut self, id: u32, parent: u32, before: u32) {
        if self.mirror.has_flags(id, flag::TOUCHED) {
            self.scratch.taken.push(id);
        }
        self.place_marked(id, parent, before);
    }

    fn place_marked(&mut self, id: u32, parent: u32, before: u32) {
        let scratch = &mut self.scratch;
        scratch.placed.push(id);
        let end = narrow(scratch.placed.len());
        match scratch.placements.last_mut() {
            Some(last) if last.parent == parent && last.before == before && last.end == end - 1 => last.end = end,
            _ => scratch.placements.push(Run { parent, before, start: end - 1, end, kept: 0 }),
        }
    }

    /// Many were named: the longest run of children that are in the right order stays, whether named or not.
    fn rank(&mut self, group: &[Run]) {
        let parent = group[0].parent;
        let (mirror, scratch) = (&mut self.mirror, &mut self.scratch);
        let nodes = narrow(mirror.capacity());
        if scratch.first_rank > NONE - nodes {
            scratch.ranks.clear();
            scratch.first_rank = 0;
        }
        scratch.first_rank = scratch.first_rank.max(1);
        scratch.ranks.resize(mirror.capacity(), 0);
        scratch.sequence.clear();
        for run in group.iter().filter(|run| run.before != NONE) {
            mirror.set_flags(run.before, flag::ANCHOR);
        }
        let (before_start, order_start) = (scratch.befores.len(), scratch.orders.len());
        let first = scratch.first_rank;
        scratch.left.clear();
        let entries = |run: &Run| scratch.entries[run.start as usize..run.end as usize].iter().map(|id| (*id, NONE));
        let (mut at, mut place) = (mirror.node(parent).first, 0);
        while at != NONE {
            let flags = mirror.flags(at);
            if flags & flag::ANCHOR != 0 {
                mirror.clear_flags(at, flag::ANCHOR);
                if let Ok(index) = group.binary_search_by_key(&at, |run| run.before) {
                    scratch.sequence.extend(entries(&group[index]));
                }
            }
            scratch.ranks[at as usize] = first + place;
            scratch.befores.push(at);
            let node = mirror.node(at);
            if node.kind.is_fragment() {
                scratch.orders.push((at, place));
            } else if flags & flag::GONE != 0 {
                scratch.left.push((at, place));
            } else if flags & flag::TOUCHED == 0 {
                scratch.sequence.push((at, place));
            }
            place += 1;
            at = node.next;
        }
        if let Some(run) = group.last().filter(|run| run.before == NONE) {
            scratch.sequence.extend(entries(run));
        }
        for (id, place) in &mut scratch.sequence {
            let rank = scratch.ranks[*id as usize];
            // Less is what comes from elsewhere.
            *place = if rank >= first { rank - first } else { NONE };
        }
        scratch.orders.extend_from_slice(&scratch.sequence);
        scratch.orders.extend_from_slice(&scratch.left);
        let (before, order) = (before_start..scratch.befores.len(), order_start..scratch.orders.len());
        scratch.arranged.push(Arranged { parent, before, order });
        scratch.first_rank = first + place;
        self.longest();
        // From right to left, what is in the longest run is where the others are placed before.
        let (mut cursor, mut next) = (NONE, self.scratch.tails.last().copied().unwrap_or(NONE));
        for index in (0..narrow(self.scratch.sequence.len())).rev() {
            let (id, place) = self.scratch.sequence[index as usize];
            if index == next {
                next = self.scratch.links[index as usize];
                cursor = id;
            } else if place != NONE {
                self.place_marked(id | SHIFTED, parent, cursor);
            } else {
                self.place(id, parent, cursor);
            }
        }
    }

    /// The longest increasing run of places among the children in the sequence: the last one's index ends up last in
    /// `tails`, and each one's predecessor in `links`.
    fn longest(&mut self) {
        let Scratch { sequence, tails, tail_ranks, links, .. } = &mut self.scratch;
        tails.clear();
        tail_ranks.clear();
        links.clear();
        links.resize(sequence.len(), NONE);
        for (index, (_, rank)) in sequence.iter().enumerate() {
            if *rank == NONE {
                continue;
            }
            let at = tail_ranks.partition_point(|tail| tail < rank);
            if at > 0 {
                links[index] = tails[at - 1];
            }
            if at == tails.len() {
                tails.push(narrow(index));
                tail_ranks.push(*rank);
            } else {
                (tails[at], tail_ranks[at]) = (narrow(index), *rank);
            }
        }
    }

    /// Writes the placements in an order in which each parent is in the page when its children are placed.
    fn emit(&mut self) -> Result<()> {
        let moves = !(self.scratch.moved.is_empty() && self.scratch.taken.is_empty());
        for id in &self.scratch.taken {
            self.mirror.unlink(*id);
        }
        let mut queue = std::mem::take(&mut self.scratch.placements);
        let mut waiting = std::mem::take(&mut self.scratch.waiting);
        waiting.clear();
        let mut emitted = Ok(());
        while !queue.is_empty() && emitted.is_ok() {
            let mut progress = false;
            for run in queue.drain(..) {
                if moves && self.mirror.top(run.parent) != ROOT {
                    waiting.push(run);
                } else if emitted.is_ok() {
                    emitted = self.emit_run(run);
                    progress = true;
                }
            }
            if !progress {
                let parent = waiting.first().map_or(NONE, |run| run.parent);
                emitted = Err(contradiction("a run in a parent in the page", parent));
            }
            std::mem::swap(&mut queue, &mut waiting);
        }
        (self.scratch.placements, self.scratch.waiting) = (queue, waiting);
        emitted?;
        let Scratch { arranged, befores, orders, order_links, .. } = &mut self.scratch;
        for Arranged { parent, before, order } in arranged.drain(..) {
            let order = Order { before: &befores[before], after: &orders[order] };
            self.mirror.arrange(parent, &order, order_links, flag::TOUCHED | flag::MOVED);
        }
        Ok(())
    }

    fn emit_run(&mut self, run: Run) -> Result<()> {
        // A first keyframe is written from the mirror: until then there is nobody to tell.
        let writes = self.started;
        if run.before != NONE && self.mirror.node(run.before).parent != run.parent {
            return Err(contradiction("a settled node to place before", run.before));
        }
        match run.before {
            _ if !writes => {}
            NONE => self.writer.place_end(run.parent),
            before => self.writer.place_before(before),
        }
        for index in (run.start..run.end).rev() {
            let id = self.scratch.placed[index as usize];
            if id & SHIFTED != 0 {
                if writes {
                    self.writer.known(id & !SHIFTED);
                }
                continue;
            }
            if self.mirror.node(id).parent != NONE {
                return Err(contradiction("a node placed once", id));
            }
            let mirror = &self.mirror;
            if writes {
                write_subtree(&mut self.writer, mirror, id, |id| mirror.has_flags(id, flag::TOUCHED | flag::MOVED));
            }
            self.mirror.link(id, run.parent, run.before);
        }
        if writes {
            self.writer.end();
        }
        Ok(())
    }

    /// The ids that the frame ended last has freed.
    #[must_use]
    pub fn freed(&self) -> &[u32] {
        &self.scratch.freed
    }

    fn remove_gone(&mut self) {
        let gone = std::mem::take(&mut self.scratch.gone);
        let mut freed = std::mem::take(&mut self.scratch.freed);
        freed.clear();
        freed.shrink_to(KEPT_FREED);
        for id in &gone {
            let parent = self.mirror.node(*id).parent;
            // With its parent gone too, it goes with it.
            if parent == NONE || self.mirror.has_flags(parent, flag::GONE) {
                continue;
            }
            self.writer.remove(*id);
            self.mirror.unlink(*id);
            let ids = &mut self.ids;
            self.mirror.free(*id, |id| {
                ids.release(id);
                freed.push(id);
            });
        }
        self.scratch.gone = gone;
        self.scratch.freed = freed;
    }

    /// When much has gone, its memory is given back.
    pub(crate) fn trim(&mut self) {
        if let Some(end) = self.mirror.trim() {
            self.ids.trim(end);
            let freed = std::mem::take(&mut self.scratch.freed);
            self.scratch = Scratch { freed, ..Scratch::default() };
        }
    }
}

fn narrow(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn contradiction(expected: &'static str, id: u32) -> Error {
    Error::new(ErrorKind::Tree, 0, expected, format!("node {id}"))
}

fn too_much(refused: Refused) -> Error {
    let expected = match refused {
        Refused::Id => "fewer nodes",
        Refused::Text => "fewer bytes of text",
        Refused::Attrs => "at most 1024 attributes on a node",
    };
    Error::new(ErrorKind::Limit, 0, expected, "more")
}
