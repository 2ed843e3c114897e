//! The recorder: facts in, gated; frames out.

use crate::{
    facts::{Batch, Malformed, tag},
    privacy::{self, Class, Policy, Rules, Subject, Tag, Verdict, mark, names},
};
use protocol::{
    Limits,
    encoder::Encoder,
    hash::Key,
    names::{NameId, Namespace, prop},
    repair::{self, Sum},
    tree::{Kind, NONE, ROOT},
};

/// Where the fresh ids list has this, the gate kept the node back.
pub const WITHHELD: u32 = NONE;

/// Why a batch could not be taken. The mirror is not to be trusted any more: read the page afresh into a new recorder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The reader stated something malformed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The page is larger than the limits, or the facts contradict each other.
    #[error(transparent)]
    Protocol(#[from] protocol::Error),
}

/// The attributes that decide about an element, by name.
#[derive(Debug)]
struct Deciding {
    kind: NameId,
    autocomplete: NameId,
    name: NameId,
    id: NameId,
    rel: NameId,
    mask: NameId,
    unmask: NameId,
    block: NameId,
    ignore: NameId,
    deny: NameId,
    /// Of what is typed into a field for digits.
    input_mode: NameId,
}

/// The customer's end of a stream.
///
/// Call order: [`Recorder::read`] any number of times, with the facts of one moment; then [`Recorder::delta`] or
/// [`Recorder::keyframe`]; then take [`Recorder::freed`], [`Recorder::fresh`] and [`Recorder::retells`], in this order.
#[derive(Debug)]
pub struct Recorder {
    pub(crate) encoder: Encoder,
    /// The names that each reader told, and which reader speaks now: each numbers its own.
    names: Vec<Vec<NameId>>,
    reader: usize,
    /// What the gate makes of each of the mirror's names, of an attribute and of an element; filled as they come.
    classes: Vec<Option<(Class, Tag)>>,
    pub(crate) fresh: Vec<u32>,
    retells: Vec<u32>,
    pub(crate) gated: Vec<u8>,
    /// Open elements of the entry being read: id (or [`NONE`] for one that is withheld) and rules.
    pub(crate) open: Vec<(u32, Rules)>,
    pub(crate) run: Rules,
    pub(crate) policy: Policy,
    deciding: Deciding,
    /// How many names were looked at for custom elements.
    seen_names: u32,
    /// What a player that lost step has.
    sums: Vec<Sum>,
    /// Parents that a walk found to have other children.
    pub(crate) strays: Vec<u32>,
}

impl Recorder {
    /// A recorder of an empty page. Draw the key at random for each session.
    #[must_use]
    pub fn new(key: u64, limits: &Limits) -> Self {
        let mut encoder = Encoder::new(Key(key), limits);
        encoder.begin();
        let names = &mut encoder.mirror_mut().names;
        let mut name = |text| names.intern(Namespace::None, text);
        Self {
            deciding: Deciding {
                kind: name("type"),
                autocomplete: name("autocomplete"),
                name: name("name"),
                id: name("id"),
                rel: name("rel"),
                mask: name(privacy::MASK_ATTR),
                unmask: name(privacy::UNMASK_ATTR),
                block: name(privacy::BLOCK_ATTR),
                ignore: name(privacy::IGNORE_ATTR),
                deny: name(privacy::DENY_ATTR),
                input_mode: name("inputmode"),
            },
            policy: Policy::default(),
            encoder,
            seen_names: 0,
            sums: Vec::new(),
            strays: Vec::new(),
            names: vec![Vec::new()],
            reader: 0,
            classes: Vec::new(),
            fresh: Vec::new(),
            retells: Vec::new(),
            gated: Vec::new(),
            open: Vec::new(),
            run: Rules::default(),
        }
    }

    /// What the session keeps from the agent as a whole. Say it before the first fact.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        if let Some(owner) = self.encoder.mirror_mut().owner_mut(ROOT) {
            *owner = policy.rules().0;
        }
    }

    /// Names of custom elements that have come into use since the last call, with blanks between them (HTML standard,
    /// §4.13.2: they have a hyphen); `None` for none.
    pub fn customs(&mut self) -> Option<String> {
        let names = &self.encoder.mirror().names;
        let new = (self.seen_names + 1..=names.len()).map(|id| names.get(NameId(id)));
        let customs: Vec<&str> = new
            .filter(|(namespace, text)| *namespace == Namespace::Html && text.contains('-'))
            .map(|(_, text)| text)
            .collect();
        let customs = (!customs.is_empty()).then(|| customs.join(" "));
        self.seen_names = names.len();
        customs
    }

    /// The encoder, for its mirror and its counters.
    #[must_use]
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Bytes taken from the allocator.
    #[must_use]
    pub fn memory(&self) -> usize {
        let names: usize = self.names.iter().map(Vec::capacity).sum();
        let lists = self.fresh.capacity() + self.retells.capacity() + names;
        self.encoder.memory() + lists * size_of::<u32>() + self.classes.capacity() * size_of::<Option<(Class, Tag)>>()
    }

    /// The ids given to the new nodes told since the last frame, in the order in which they were told; [`WITHHELD`]
    /// for those the gate kept back.
    #[must_use]
    pub fn fresh(&self) -> &[u32] {
        &self.fresh
    }

    /// The ids that the last frame freed.
    #[must_use]
    pub fn freed(&self) -> &[u32] {
        self.encoder.freed()
    }

    /// The id of the node told last, or [`WITHHELD`].
    pub(crate) fn told(&self) -> u32 {
        self.fresh.last().copied().unwrap_or(WITHHELD)
    }

    /// Known nodes whose rules have changed: each is to be told anew, whole, as gone and as a new node, in a frame that
    /// follows at once.
    #[must_use]
    pub fn retells(&self) -> &[u32] {
        &self.retells
    }

    /// Forgets the lists of the last frame. Call it when they have been taken.
    pub fn settle(&mut self) {
        // A whole page is told once.
        if self.fresh.capacity() > 1 << 12 {
            self.fresh = Vec::new();
        }
        self.fresh.clear();
        self.retells.clear();
    }

    /// Ends a frame: what changed, or `None` when nothing did. `time` is in milliseconds since the session began.
    ///
    /// # Errors
    /// [`ReadError::Protocol`] when the facts contradict each other.
    pub fn delta(&mut self, time: u32) -> Result<Option<&[u8]>, ReadError> {
        Ok(self.encoder.delta(time)?)
    }

    /// Keeps the sums of a player that lost step, as bytes, for [`Recorder::repair`].
    pub fn mend(&mut self, sums: &[u8]) {
        self.sums = repair::read(sums);
    }

    /// Ends a frame: the whole page.
    ///
    /// # Errors
    /// [`ReadError::Protocol`] when the facts contradict each other.
    pub fn keyframe(&mut self, time: u32) -> Result<&[u8], ReadError> {
        self.sums = Vec::new();
        self.repair(time)
    }

    /// Ends a frame: of the page, what the player lacks whose sums came last ([`Encoder::repair`]).
    ///
    /// # Errors
    /// [`ReadError::Protocol`] when the facts contradict each other.
    pub fn repair(&mut self, time: u32) -> Result<&[u8], ReadError> {
        let sums = std::mem::take(&mut self.sums);
        Ok(self.encoder.repair(time, &sums)?)
    }

    /// From now on batches are those of this reader: 0 is the page's own, others are in frames.
    pub fn select(&mut self, reader: usize) {
        if reader >= self.names.len() {
            self.names.resize(reader + 1, Vec::new());
        }
        self.reader = reader;
    }

    /// Takes a batch of facts (see [`tag`]); `units` is the length of `text` in UTF-16 code units.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn read(&mut self, words: &[u32], text: &str, units: usize) -> Result<(), ReadError> {
        let mut batch = Batch::new(words, text, units);
        let mut attrs = Vec::new();
        self.open.clear();
        while let Some(fact) = batch.next_word() {
            match fact {
                tag::GONE => self.encoder.gone(batch.word("a node id")?),
                tag::WITHHELD => self.withhold(batch.word("a node id")?),
                tag::RUN => {
                    let parent = batch.word("a parent's id")?;
                    let mut before = batch.word("a sibling's id")?;
                    // A fragment comes before all children; who is in a frame does not know those of the frame's element.
                    if batch.words_at(batch.at(), 1) == [tag::FRAME] {
                        before = self.encoder.mirror().node(parent).first;
                    }
                    self.encoder.run(parent, before);
                    self.run = self.rules(parent);
                }
                tag::END => self.encoder.end_run(),
                tag::KNOWN => self.known(batch.word("a node id")?),
                tag::ELEMENT => self.element(&mut batch, &mut attrs)?,
                tag::SHADOW => self.fragment(Kind::Shadow, &mut batch)?,
                tag::SHEET => self.fragment(Kind::Sheet, &mut batch)?,
                tag::FRAME => self.fragment(Kind::Frame, &mut batch)?,
                tag::CONTENT => {
                    let rules = self.fragment_rules(Kind::Content);
                    let id = if rules.is_closed() { NONE } else { self.encoder.fragment(Kind::Content)? };
                    self.opened(id, rules);
                }
                tag::UP => self.up(&batch)?,
                tag::TEXT => self.leaf(Kind::Text, &mut batch)?,
                tag::COMMENT => self.leaf(Kind::Comment, &mut batch)?,
                tag::INSTRUCTION => self.leaf(Kind::Instruction, &mut batch)?,
                tag::DOCTYPE => self.leaf(Kind::Doctype, &mut batch)?,
                tag::RULE => self.leaf(Kind::Rule, &mut batch)?,
                tag::ATTR => self.attr(&mut batch)?,
                tag::NO_ATTR => {
                    let id = batch.word("a node id")?;
                    let name = self.name(&mut batch)?;
                    self.encoder.remove_attr(id, name);
                    if self.class(name).0.is(Class::DECIDES) {
                        self.reconsider(id, name);
                    }
                }
                tag::DATA => self.data(&mut batch)?,
                tag::PICTURE => self.picture(&mut batch)?,
                tag::CHECK => self.check(&mut batch)?,
                tag::NAME => self.define(&mut batch)?,
                tag::MARKS => {
                    let id = batch.word("a node id")?;
                    let marks = batch.word("marks")?;
                    self.judge(id, marks);
                }
                _ => return Err(batch.malformed("the number of a fact").into()),
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err(batch.malformed("as many ends as elements").into()) }
    }

    #[inline(always)]
    pub(crate) fn rules(&self, id: u32) -> Rules {
        Rules(self.encoder.mirror().node(id).owner)
    }

    #[inline(always)]
    pub(crate) fn parent_rules(&self) -> Rules {
        self.open.last().map_or(self.run, |(_, rules)| *rules)
    }

    /// Whether what is told now lies below something that is kept back.
    #[inline(always)]
    fn is_withheld(&self) -> bool {
        self.parent_rules().is_closed()
    }

    #[inline(always)]
    fn opened(&mut self, id: u32, rules: Rules) {
        self.own(id, rules);
        self.open.push((id, rules));
        self.fresh.push(id);
    }

    fn up(&mut self, batch: &Batch<'_>) -> Result<(), Malformed> {
        if self.close() { Ok(()) } else { Err(batch.malformed("an element that is open")) }
    }

    /// Ends what was opened last; `false` when nothing is open.
    pub(crate) fn close(&mut self) -> bool {
        match self.open.pop() {
            Some((NONE, _)) => true,
            Some(_) => {
                self.encoder.up();
                true
            }
            None => false,
        }
    }

    pub(crate) fn name(&self, batch: &mut Batch<'_>) -> Result<NameId, Malformed> {
        let number = batch.word("a name's number")?;
        self.names[self.reader]
            .get(number as usize)
            .copied()
            .ok_or_else(|| batch.malformed("the number of a name that was told"))
    }

    fn define(&mut self, batch: &mut Batch<'_>) -> Result<(), Malformed> {
        let namespace = batch.word("a namespace")?;
        let namespace = u8::try_from(namespace).ok().and_then(Namespace::from_tag);
        let namespace = namespace.ok_or_else(|| batch.malformed("a namespace from 0 to 8"))?;
        let units = batch.word("a length")?;
        let text = batch.string(units)?;
        let name = self.encoder.mirror_mut().names.intern(namespace, text);
        self.names[self.reader].push(name);
        Ok(())
    }

    fn known(&mut self, id: u32) {
        if self.is_withheld() {
            self.withhold(id);
            return;
        }
        let mirror = self.encoder.mirror();
        let before = privacy::inherited(self.rules(mirror.node(id).parent));
        let after = privacy::inherited(self.parent_rules());
        if mirror.is_live(id) && after != before {
            self.tighten(id, after);
            self.retells.push(id);
        }
        self.encoder.known(id);
    }

    fn element<'a>(&mut self, batch: &mut Batch<'a>, attrs: &mut Vec<(NameId, &'a str)>) -> Result<(), ReadError> {
        let name = self.name(batch)?;
        let marks = batch.word("marks")?;
        let count = batch.word("a number of attributes")?;
        attrs.clear();
        for _ in 0..count {
            let name = self.name(batch)?;
            let units = batch.word("a length")?;
            attrs.push((name, batch.string(units)?));
        }
        self.new_element(name, marks, attrs)?;
        Ok(())
    }

    /// A new element below the one open, or in the run. Returns its rules; its content follows, then
    /// [`Recorder::close`].
    pub(crate) fn new_element(
        &mut self,
        name: NameId,
        marks: u32,
        attrs: &[(NameId, &str)],
    ) -> Result<Rules, protocol::Error> {
        if self.is_withheld() {
            let rules = self.parent_rules();
            self.open.push((NONE, rules));
            self.fresh.push(WITHHELD);
            return Ok(rules);
        }
        let seen = if marks & mark::SECRET == 0 { Rules::default() } else { Rules::SECRET };
        let rules = self.subject(name, marks, attrs).rules(self.parent_rules(), seen);
        let id = self.encoder.element(name)?;
        for (name, value) in attrs {
            self.new_attr(id, rules, *name, value)?;
        }
        self.opened(id, rules);
        Ok(rules)
    }

    /// An element as the rules look at it.
    fn subject<'a>(&mut self, name: NameId, marks: u32, attrs: &[(NameId, &'a str)]) -> Subject<'a> {
        let mut subject = Subject { tag: self.class(name).1, marks, ..Subject::default() };
        for (name, value) in attrs {
            if self.class(*name).0.is(Class::DECIDES) {
                self.deciding.note(&mut subject, *name, value);
            }
        }
        subject
    }

    /// Whether a known element is under other rules than it was, going by what it is now; it is to be told anew then.
    pub(crate) fn is_rejudged(&mut self, id: u32, marks: u32, attrs: &[(NameId, &str)]) -> bool {
        let node = *self.encoder.mirror().node(id);
        let before = self.rules(id);
        let seen = if marks & mark::SECRET == 0 { before } else { before.with(Rules::SECRET) };
        let rules = self.subject(node.name, marks, attrs).rules(self.rules(node.parent), seen);
        self.ruled(id, before, rules)
    }

    /// Notes the rules of an element; `true` when they are others than before.
    fn ruled(&mut self, id: u32, before: Rules, rules: Rules) -> bool {
        if rules == before {
            return false;
        }
        self.own(id, rules);
        self.tighten(id, Rules(rules.0 & Rules::BLOCK.0 | privacy::inherited(rules).0));
        self.retells.push(id);
        true
    }

    /// The rules of a fragment: below what is kept back, it is kept back too.
    fn fragment_rules(&self, kind: Kind) -> Rules {
        let parent = self.parent_rules();
        match kind {
            _ if parent.is_closed() => parent,
            Kind::Sheet => privacy::inherited(parent).with(Rules::STYLE),
            _ => privacy::inherited(parent),
        }
    }

    fn fragment(&mut self, kind: Kind, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let count = batch.word("a number of properties")?;
        let rules = self.fragment_rules(kind);
        let withheld = rules.is_closed();
        let id = if withheld { NONE } else { self.encoder.fragment(kind)? };
        for _ in 0..count {
            let name = self.name(batch)?;
            let units = batch.word("a length")?;
            let value = batch.string(units)?;
            if !withheld {
                self.new_attr(id, rules, name, value)?;
            }
        }
        self.opened(id, rules);
        Ok(())
    }

    #[inline(always)]
    fn class(&mut self, name: NameId) -> (Class, Tag) {
        match self.classes.get(name.0 as usize) {
            Some(Some(class)) => *class,
            _ => self.classify(name),
        }
    }

    #[cold]
    fn classify(&mut self, name: NameId) -> (Class, Tag) {
        let (namespace, text) = self.encoder.mirror().names.get(name);
        let class = (Class::of(namespace, text), Tag::of(namespace, text));
        let index = name.0 as usize;
        if self.classes.len() <= index {
            self.classes.resize(index + 1, None);
        }
        self.classes[index] = Some(class);
        class
    }

    fn new_attr(&mut self, id: u32, rules: Rules, name: NameId, value: &str) -> Result<(), protocol::Error> {
        match privacy::attr(self.policy, rules, self.class(name).0, name, value, &mut self.gated) {
            Verdict::Pass => self.encoder.attr(id, name, value.as_bytes())?,
            Verdict::Instead => self.encoder.attr(id, name, &self.gated)?,
            Verdict::Drop => {}
        }
        Ok(())
    }

    fn leaf(&mut self, kind: Kind, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let units = batch.word("a length")?;
        let data = batch.string(units)?;
        Ok(self.new_leaf(kind, data)?)
    }

    /// A new node with data below the element open, or in the run.
    pub(crate) fn new_leaf(&mut self, kind: Kind, data: &str) -> Result<(), protocol::Error> {
        let verdict = match kind {
            Kind::Doctype => Verdict::Pass,
            _ => privacy::data(self.policy, self.parent_rules(), data, &mut self.gated),
        };
        let id = match verdict {
            Verdict::Pass => self.encoder.leaf(kind, data.as_bytes())?,
            Verdict::Instead => self.encoder.leaf(kind, &self.gated)?,
            Verdict::Drop => WITHHELD,
        };
        self.fresh.push(id);
        Ok(())
    }

    fn attr(&mut self, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let id = batch.word("a node id")?;
        let name = self.name(batch)?;
        let units = batch.word("a length")?;
        let value = batch.string(units)?;
        self.set(id, name, value)
    }

    /// An attribute of a node that is there.
    pub(crate) fn set(&mut self, id: u32, name: NameId, value: &str) -> Result<(), ReadError> {
        let class = self.class(name).0;
        let rules = match name {
            _ if class.is(Class::SELECTION) => self.selected_rules(value),
            prop::VALUE => self.typed_rules(id, value),
            _ => self.rules(id),
        };
        match privacy::attr(self.policy, rules, class, name, value, &mut self.gated) {
            Verdict::Pass => self.encoder.set_attr(id, name, value.as_bytes())?,
            Verdict::Instead => self.encoder.set_attr(id, name, &self.gated)?,
            Verdict::Drop => self.encoder.remove_attr(id, name),
        }
        if class.is(Class::DECIDES) {
            self.reconsider(id, name);
        }
        Ok(())
    }

    /// The rules under which a value was typed: a card's number makes its field one for good, and what may become one is
    /// masked in a field for digits.
    fn typed_rules(&mut self, id: u32, value: &str) -> Rules {
        let rules = self.rules(id);
        if rules.has(Rules::SECRET) || !names::may_become_card_number(value) {
            return rules;
        }
        if names::is_card_number(value) {
            self.own(id, rules.with(Rules::SECRET));
        } else if self.encoder.mirror().attr(id, self.deciding.input_mode) != Some(b"numeric") {
            return rules;
        }
        rules.with(Rules::SECRET)
    }

    /// The rules of what is selected: `node:offset node:offset`.
    fn selected_rules(&self, value: &str) -> Rules {
        let mirror = self.encoder.mirror();
        let number = |text: &str| {
            let digits = text.bytes().map_while(|byte| char::from(byte).to_digit(10));
            digits.fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(digit))
        };
        value.split(' ').map(number).fold(Rules(0), |rules, id| {
            let node = mirror.node(id);
            let holder = if node.kind == Kind::Element { id } else { node.parent };
            rules.with(self.rules(holder))
        })
    }

    #[inline(always)]
    fn own(&mut self, id: u32, rules: Rules) {
        if let Some(owner) = self.encoder.mirror_mut().owner_mut(id) {
            *owner = rules.0;
        }
    }

    /// Whether an agent may see what this node shows: by default, what only concerns the look of a page.
    #[must_use]
    pub fn is_seen(&self, id: u32) -> bool {
        let rules = self.rules(id);
        let is_look = rules.has(Rules::DEFAULT) && rules.has(Rules::LOOK);
        !rules.is_closed() && (is_look || !rules.has(Rules::MASK.with(Rules::SECRET)))
    }

    /// The bytes of a picture go into a property of the document, once, and only for an element that may be seen.
    fn picture(&mut self, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let id = batch.word("a node id")?;
        let units = batch.word("a length")?;
        let hash = batch.string(units)?;
        let units = batch.word("a length")?;
        let value = batch.string(units)?;
        if !self.is_seen(id) {
            return Ok(());
        }
        let names = &mut self.encoder.mirror_mut().names;
        let picture = names.intern(Namespace::Prop, "picture");
        let resource = names.intern(Namespace::Prop, &format!("resource {hash}"));
        if self.encoder.mirror().attr(ROOT, resource).is_none() {
            self.encoder.set_attr(ROOT, resource, value.as_bytes())?;
        }
        Ok(self.encoder.set_attr(id, picture, hash.as_bytes())?)
    }

    fn data(&mut self, batch: &mut Batch<'_>) -> Result<(), ReadError> {
        let id = batch.word("a node id")?;
        let units = batch.word("a length")?;
        let data = batch.string(units)?;
        let parent = self.rules(self.encoder.mirror().node(id).parent);
        match privacy::data(self.policy, parent, data, &mut self.gated) {
            Verdict::Pass => self.encoder.set_data(id, data.as_bytes())?,
            Verdict::Instead => self.encoder.set_data(id, &self.gated)?,
            Verdict::Drop => self.encoder.gone(id),
        }
        Ok(())
    }

    /// After a change of an attribute that decides: are the element's rules still the same?
    pub(crate) fn reconsider(&mut self, id: u32, name: NameId) {
        let Deciding { name: named, id: identified, rel, .. } = self.deciding;
        // Most elements that get another name or id have no field's.
        let matters = ![named, identified, rel].contains(&name)
            || !matches!(self.class(self.encoder.mirror().node(id).name).1, Tag::Other | Tag::Drawing);
        if matters && id != ROOT {
            self.judge(id, self.rules(id).marks());
        }
    }

    /// Works out the rules of a known element afresh; when they are others, it is to be told anew.
    fn judge(&mut self, id: u32, marks: u32) {
        let node = *self.encoder.mirror().node(id);
        if node.kind != Kind::Element {
            return;
        }
        let mut subject = Subject { tag: self.class(node.name).1, marks, ..Subject::default() };
        let mirror = self.encoder.mirror();
        for name in self.deciding.all() {
            if let Some(value) = mirror.attr(id, name).and_then(|value| std::str::from_utf8(value).ok()) {
                self.deciding.note(&mut subject, name, value);
            }
        }
        let before = self.rules(id);
        let rules = subject.rules(self.rules(node.parent), before);
        self.ruled(id, before, rules);
    }

    /// A node went to where nothing is told of it; whatever this batch still says of its subtree is kept back too.
    fn withhold(&mut self, id: u32) {
        self.tighten(id, Rules::BLOCK);
        self.encoder.gone(id);
    }

    /// Until a subtree whose rules have changed is told anew, what is said of it is judged by its old rules and these, and
    /// what is masked by default as what is masked by a rule.
    fn tighten(&mut self, top: u32, rules: Rules) {
        let mut id = top;
        while id != NONE {
            if let Some(owner) = self.encoder.mirror_mut().owner_mut(id) {
                *owner = (*owner | rules.0) & !Rules::DEFAULT.0;
            }
            id = self.encoder.mirror().following(id, top);
        }
    }
}

impl Deciding {
    const fn all(&self) -> [NameId; 10] {
        let Self { kind, autocomplete, name, id, rel, mask, unmask, block, ignore, deny, .. } = *self;
        [kind, autocomplete, name, id, rel, mask, unmask, block, ignore, deny]
    }

    /// Notes the value of one of them.
    fn note<'a>(&self, subject: &mut Subject<'a>, name: NameId, value: &'a str) {
        match name {
            name if name == self.kind => subject.kind = Some(value),
            name if name == self.autocomplete => subject.autocomplete = Some(value),
            name if name == self.name => subject.name = Some(value),
            name if name == self.id => subject.id = Some(value),
            name if name == self.rel => subject.rel = Some(value),
            name if name == self.mask => subject.mask = true,
            name if name == self.unmask => subject.unmask = true,
            // Until the reader leaves it out.
            name if name == self.block || name == self.ignore => subject.block = true,
            name if name == self.deny => subject.deny = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
