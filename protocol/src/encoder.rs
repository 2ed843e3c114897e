//! The sending end: the mirror of the page, the facts that change it, and the frames that carry the changes.

use crate::{
    Error, ErrorKind, Limits, columns,
    deflate::Deflate,
    diff::Scratch,
    error::Result,
    frame::{self, Kind as FrameKind},
    hash::{self, Key},
    ids::Ids,
    ops::OpWriter,
    repair::Sum,
    tree::{Kind, NONE, ROOT, Tree},
};

/// Bodies of at most this many bytes are sent as they are: deflate would not make them smaller.
pub const STORED_BYTES: usize = 24;

/// So many bytes of ids are looked at before they go through deflate; [`is_random`].
const SAMPLE: usize = 512;

/// Rooms for frames larger than this are given back behind the frame: a page is told whole but rarely.
const KEPT_BYTES: usize = 1 << 15;

/// What a deflate block ends with after a sync flush; left out on the wire (as in RFC 7692 §7.2.1).
pub const SYNC_TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Turns facts about the page into frames. See [`crate::diff`] for the facts.
///
/// ```
/// use protocol::{Limits, decoder::Decoder, encoder::Encoder, hash::Key, names::{NameId, Namespace}, tree::{NONE, ROOT}};
///
/// let mut encoder = Encoder::new(Key(42), &Limits::DEFAULT);
/// let mut decoder = Decoder::new(Limits::DEFAULT);
/// let html = encoder.mirror_mut().names.intern(Namespace::Html, "html");
/// encoder.begin();
/// encoder.run(ROOT, NONE);
/// let id = encoder.element(html)?;
/// encoder.attr(id, NameId(1), b"x")?;
/// encoder.up();
/// encoder.end_run();
/// let frame = encoder.keyframe(0)?.to_vec();
/// assert!(decoder.push(&frame).is_ok());
/// assert_eq!(decoder.tree().hash(), encoder.mirror().hash());
/// # Ok::<(), protocol::Error>(())
/// ```
pub struct Encoder {
    pub(crate) mirror: Tree,
    pub(crate) ids: Ids,
    pub(crate) writer: OpWriter,
    pub(crate) scratch: Scratch,
    deflate: Deflate,
    raw: Vec<u8>,
    packed: Vec<u8>,
    frame: Vec<u8>,
    seq: u32,
    /// Rooms larger than this are given back behind the frame being made.
    kept_bytes: usize,
    pub(crate) started: bool,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("seq", &self.seq).field("nodes", &self.mirror.count()).finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder whose mirror holds nothing but the document. Draw the key at random for each stream.
    #[must_use]
    pub fn new(key: Key, limits: &Limits) -> Self {
        Self {
            mirror: Tree::new(key, limits),
            ids: Ids::new(limits.nodes.min(1 << 31)),
            writer: OpWriter::default(),
            scratch: Scratch::default(),
            deflate: Deflate::new(),
            raw: Vec::new(),
            packed: Vec::new(),
            frame: Vec::new(),
            seq: 0,
            kept_bytes: KEPT_BYTES,
            started: false,
        }
    }

    /// The recorder's tree: what the agent has once every frame so far has arrived.
    #[must_use]
    pub const fn mirror(&self) -> &Tree {
        &self.mirror
    }

    /// The mirror, to intern names and to keep marks on nodes. Changing anything else goes past the frames.
    pub const fn mirror_mut(&mut self) -> &mut Tree {
        &mut self.mirror
    }

    /// The sequence number of the last frame, 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> u32 {
        self.seq
    }

    /// Whether there is anything to send.
    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.writer.ops() > 0
    }

    /// Bytes taken from the allocator, the state of deflate left out: the mirror, and the rooms that are kept between
    /// frames.
    #[must_use]
    pub fn memory(&self) -> usize {
        let rooms = self.raw.capacity() + self.packed.capacity() + self.frame.capacity();
        self.mirror.memory() + self.writer.memory() + self.scratch.memory() + rooms
    }

    /// How many operations and rows the frame being built holds.
    #[must_use]
    pub const fn ops(&self) -> u32 {
        self.writer.ops()
    }

    /// Ends the facts of this frame and gives the delta, or `None` when nothing changed. `time` is in milliseconds
    /// since the stream began.
    ///
    /// Before the first keyframe there is nothing a delta could be based on: a keyframe is given instead.
    ///
    /// # Errors
    /// [`ErrorKind::Tree`] when the facts contradict each other (a run's parent never came into the page): the
    /// mirror is not to be trusted any more, read the page afresh into a new encoder.
    pub fn delta(&mut self, time: u32) -> Result<Option<&[u8]>> {
        self.place_runs()?;
        if !self.started {
            return self.keyframe(time).map(Some);
        }
        if !self.is_dirty() {
            self.ids.settle();
            return Ok(None);
        }
        let shrinks = self.freed().len() > 1 << 10;
        self.raw.clear();
        self.raw.extend_from_slice(&hash::fold(self.mirror.hash()).to_le_bytes());
        let columns = self.finish_columns();
        self.ids.settle();
        self.kept_bytes = KEPT_BYTES;
        if shrinks {
            self.trim();
            self.kept_bytes = 0;
        }
        self.pack(FrameKind::Delta, time, columns).map(Some)
    }

    /// Ends the facts of this frame and gives the whole mirror as a keyframe.
    ///
    /// # Errors
    /// As for [`Encoder::delta`].
    pub fn keyframe(&mut self, time: u32) -> Result<&[u8]> {
        self.place_runs()?;
        self.whole(FrameKind::Keyframe, time, &[])
    }

    /// Ends the facts of this frame and gives the mirror without those subtrees that a player has as they are, going by the
    /// sums it tells (ascending by id, see [`Tree::sums`]). Other players can take it too, if they are in step.
    ///
    /// # Errors
    /// As for [`Encoder::delta`].
    pub fn repair(&mut self, time: u32, sums: &[Sum]) -> Result<&[u8]> {
        self.place_runs()?;
        match self.mirror.equal(sums) {
            kept if kept.is_empty() => self.whole(FrameKind::Keyframe, time, &kept),
            kept => self.whole(FrameKind::Repair, time, &kept),
        }
    }

    /// A frame of the mirror, these subtrees left out.
    fn whole(&mut self, kind: FrameKind, time: u32, kept: &[u32]) -> Result<&[u8]> {
        self.started = true;
        self.ids.settle();
        self.writer.restart();
        self.deflate.restart();
        self.raw.clear();
        self.raw.extend_from_slice(&self.mirror.key().0.to_le_bytes());
        self.raw.extend_from_slice(&self.mirror.hash().to_le_bytes());
        write_tree(&mut self.writer, &self.mirror, |id| kept.binary_search(&id).is_ok());
        let columns = self.finish_columns();
        self.pack(kind, time, columns)
    }

    /// Appends the columns to the body; where they end, and how many bytes at the end of the last are not worth deflating.
    fn finish_columns(&mut self) -> ([usize; columns::COUNT], usize) {
        let columns = self.writer.columns();
        let ends = columns.finish(&mut self.raw);
        let apart = if is_random(columns.ids()) { columns.ids().len() } else { 0 };
        self.writer.clear();
        (ends, apart)
    }

    /// Deflates the body but for the last `apart` bytes, where that pays, and puts the header before it.
    fn pack(&mut self, kind: FrameKind, time: u32, (ends, apart): ([usize; columns::COUNT], usize)) -> Result<&[u8]> {
        self.seq = self.seq.wrapping_add(1);
        self.frame.clear();
        if self.frame.capacity() > KEPT_BYTES {
            self.frame = Vec::new();
        }
        if self.raw.len() <= STORED_BYTES {
            frame::write(&mut self.frame, kind, self.seq, time, 0, &self.raw)?;
            return Ok(&self.frame);
        }
        let (raw, apart) = self.raw.split_at(self.raw.len() - apart);
        self.packed.clear();
        self.deflate.pack(raw, &ends, &mut self.packed);
        let raw_len = u32::try_from(self.raw.len()).map_err(|_| {
            let found = format!("{} bytes", self.raw.len());
            Error::new(ErrorKind::Limit, 0, "a body of less than 4 GiB", found).in_frame(self.seq)
        })?;
        frame::write_parts(&mut self.frame, kind, self.seq, time, raw_len, [&self.packed, apart])?;
        for room in [&mut self.raw, &mut self.packed].into_iter().filter(|room| room.capacity() > self.kept_bytes) {
            *room = Vec::new();
        }
        self.writer.trim(self.kept_bytes);
        Ok(&self.frame)
    }
}

/// Whether deflate would look for repetitions in vain: of three bytes in a row, hardly ever the same ones come twice.
/// Judged by a sample of the beginning and the middle.
fn is_random(bytes: &[u8]) -> bool {
    if bytes.len() < SAMPLE {
        return false;
    }
    let mut seen = [0_u32; 1024];
    let (mut looked, mut again) = (0, 0);
    let middle = bytes.len() / 2;
    for sample in [&bytes[..SAMPLE / 2], &bytes[middle..(middle + SAMPLE / 2).min(bytes.len())]] {
        for three in sample.windows(3) {
            let word = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
            let slot = &mut seen[(word.wrapping_mul(0x9e37_79b1) >> 22) as usize];
            looked += 1;
            again += u32::from(*slot == word);
            *slot = word;
        }
    }
    again * 16 < looked
}

/// Writes the document's properties and all that is below it, but for what `is_known`.
pub(crate) fn write_tree(writer: &mut OpWriter, tree: &Tree, is_known: impl Fn(u32) -> bool) {
    for (name, value) in tree.attrs(ROOT) {
        writer.change_attr(ROOT, name, &tree.names, None, value);
    }
    if tree.node(ROOT).first == NONE {
        return;
    }
    writer.place_end(ROOT);
    let mut id = tree.node(ROOT).first;
    while id != NONE {
        write_subtree(writer, tree, id, &is_known);
        id = tree.node(id).next;
    }
    writer.end();
}

/// Writes the rows of a subtree in tree order. Nodes that `is_known` are there already at the other end: they are
/// written as moves and not gone into.
pub(crate) fn write_subtree(writer: &mut OpWriter, tree: &Tree, top: u32, is_known: impl Fn(u32) -> bool) {
    let mut id = top;
    loop {
        let node = tree.node(id);
        let known = is_known(id);
        if known {
            writer.known(id);
        } else {
            write_node(writer, tree, id);
            if node.first != NONE {
                id = node.first;
                continue;
            }
            if node.kind.has_children() {
                writer.up();
            }
        }
        loop {
            if id == top {
                return;
            }
            let node = tree.node(id);
            if node.next != NONE {
                id = node.next;
                break;
            }
            writer.up();
            id = node.parent;
        }
    }
}

fn write_node(writer: &mut OpWriter, tree: &Tree, id: u32) {
    let node = tree.node(id);
    match node.kind {
        Kind::Element | Kind::Shadow | Kind::Sheet | Kind::Frame => {
            writer.define(node.name, &tree.names);
            let mut count = 0;
            for (name, _) in tree.attrs(id) {
                writer.define(name, &tree.names);
                count += 1;
            }
            match node.kind {
                Kind::Element => writer.element(id, node.name, count),
                kind => writer.fragment(id, kind, count),
            }
            for (name, value) in tree.attrs(id) {
                writer.attr(name, value);
            }
        }
        Kind::Content => writer.content(id),
        Kind::Free | Kind::Document => {}
        Kind::Doctype | Kind::Text | Kind::Comment | Kind::Instruction | Kind::Rule => {
            writer.leaf(id, node.kind, tree.data(id))
        }
    }
}
