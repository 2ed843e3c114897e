//! Our own pages (`fixtures/pages`) under scripted mutation: after every step both documents are equal and both hashes
//! agree.

use crate::{
    comparison::Options,
    engine::Engine,
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;

/// One thing that happens on the customer's page.
#[derive(Debug)]
enum Step {
    /// A function body is run; `f` is the page's `window.fixture`.
    Script(&'static str),
    /// Keys are typed into the element that a selector names.
    Keys(&'static str, &'static str),
    /// An element is clicked.
    Click(&'static str),
    /// The mouse is over an element; what is on both screens is compared.
    Point(&'static str),
}

use Step::{Click, Keys, Point, Script as Js};

/// A page and what happens on it.
#[derive(Debug)]
pub(crate) struct Script {
    /// The case's name.
    pub(crate) name: &'static str,
    page: &'static str,
    /// Run before the session starts.
    before: &'static str,
    /// Selectors of what is masked although the markup does not say so any more.
    masked: &'static [&'static str],
    /// Whether the boxes of all elements are compared too.
    boxes: bool,
    /// Whether the page is given time before the first comparison: rules that were edited in place before the session
    /// are looked for when there is some.
    calm: bool,
    /// The recorder's budget in milliseconds, where it is not the default.
    budget: Option<u32>,
    /// Why more pixels may differ than otherwise.
    pub(crate) pixels: Option<&'static str>,
    /// What the customer's browser, Chromium, is started with.
    flags: &'static [&'static str],
    steps: &'static [Step],
}

const PLAIN: Script = Script {
    name: "",
    page: "",
    before: "",
    masked: &[],
    boxes: false,
    calm: false,
    budget: None,
    pixels: None,
    flags: &[],
    steps: &[],
};

/// What an agent's engine cannot do: the script's name, the engine and the reason. README's table of browsers says the same.
const BEYOND: [(&str, Engine, &str); 1] =
    [("rows-100000-swap", Engine::Webkit, "WebKit takes minutes to lay out a list of 100,000 items: quadratic time")];

/// Why these engines cannot run the script, if they cannot.
pub(crate) fn skipped(script: &Script, [customer, agent]: [Engine; 2]) -> Option<&'static str> {
    if !script.flags.is_empty() && customer != Engine::Chromium {
        return Some("what it needs is there with flags of Chromium's only");
    }
    BEYOND.iter().find(|(name, engine, _)| *name == script.name && *engine == agent).map(|(_, _, reason)| *reason)
}

/// Runs one script.
pub(crate) async fn run(bench: &Workbench, script: &Script) -> Result<()> {
    if script.flags.is_empty() {
        return perform(bench, script).await;
    }
    let own = bench.with_flags(script.flags).await?;
    let result = perform(&own, script).await;
    if let Some(share) = own.pixels() {
        bench.differed(share);
    }
    // Its pictures are the ones to be looked at.
    let faults = own.conclude(&bench.pictures().await?.join(script.name), Duration::ZERO).await?;
    own.close().await?;
    result?;
    ensure!(faults.is_empty(), "faults in the console:\n{}", faults.join("\n"));
    Ok(())
}

async fn perform(bench: &Workbench, script: &Script) -> Result<()> {
    let path = format!("/fixtures/{}.html", script.page);
    let options = script.budget.map_or_else(|| json!({}), |budget| json!({ "budgetMs": budget }));
    let mut pair = Pair::start_after(bench, &path, Transport::Relay, &with_fixture(script.before), options).await?;
    let masked = script.masked.iter().map(|&selector| selector.to_owned()).collect();
    pair.options = Options { masked, boxes: script.boxes, ..Options::default() };
    pair.join().await?;
    if script.calm {
        // Not every engine tells when it is idle.
        let wait = "const idle = window.requestIdleCallback ?? setTimeout; return new Promise((done) => idle(() => setTimeout(done, 200)))";
        pair.customer().run(wait, vec![]).await?;
    }
    pair.check("keyframe").await?;
    pair.look("keyframe", script.pixels).await?;
    for step in script.steps {
        match step {
            Step::Script(body) => {
                // What is asked for by a flush comes in one go.
                let wait = script.budget.map_or("", |_| SLICES);
                pair.step(body, &with_fixture(&format!("{body}; {wait}"))).await?;
            }
            Step::Keys(selector, keys) => {
                pair.customer().type_into(selector, keys).await?;
                pair.check(&format!("typing {keys:?} into {selector}")).await?;
            }
            Step::Click(selector) => {
                pair.customer().click(selector).await?;
                pair.check(&format!("clicking {selector}")).await?;
            }
            Step::Point(selector) => {
                pair.customer().point(selector).await?;
                let label = format!("pointing at {selector}");
                pair.check(&label).await?;
                pair.look(&label, script.pixels).await?;
            }
        }
    }
    pair.look("the last step", script.pixels).await?;
    pair.finish().await.context("at the end")
}

/// Time for the recorder to work by itself.
const SLICES: &str = "await new Promise((done) => setTimeout(done, 150))";

fn with_fixture(body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    // What a step returns is of no interest, but a promise is waited for.
    format!("const f = window.fixture; return (async () => {{ await (async () => {{ {body} }})() }})()")
}

/// Every script.
pub(crate) static SCRIPTS: &[Script] = &[
    Script {
        name: "rows-edit",
        page: "table",
        before: "f.create(1000)",
        steps: &[
            Js("f.append(1)"),
            Js("f.append(100)"),
            Js("f.insertAt(0)"),
            Js("f.insertAt(500, 20)"),
            Js("f.removeAt(0)"),
            Js("f.removeAt(f.count() - 1)"),
            Js("for (let i = 0; i < 50; i++) f.removeAt(300)"),
            Js("f.updateEvery(10)"),
            Js("f.updateEvery(1)"),
            Js("f.append(1); f.removeAt(3); f.insertAt(7, 2); f.updateEvery(100); f.swap(1, 5)"),
            Js("f.clear()"),
            Js("f.append(1000)"),
        ],
        ..PLAIN
    },
    Script {
        name: "rows-reorder",
        page: "table",
        before: "f.create(1000)",
        steps: &[
            Js("f.swap(1, 998)"),
            Js("f.shuffle(1)"),
            Js("f.reverse()"),
            Js("f.sort()"),
            Js("f.shuffle(2); f.append(10); f.removeAt(500)"),
            Js("f.shuffle(3); f.shuffle(4); f.sort()"),
            Js("f.sort(); f.reverse(); f.swap(0, 1)"),
        ],
        ..PLAIN
    },
    Script {
        name: "list-reorder",
        page: "table",
        before: "f.create(1000, 'list')",
        steps: &[
            Js("f.swap(0, 999)"),
            Js("f.swap(499, 500)"),
            Js("f.shuffle(5)"),
            Js("f.reverse()"),
            Js("f.sort()"),
            Js("f.insertAt(0, 1000)"),
            Js("f.shuffle(6)"),
            Js("f.create(100, 'table')"),
        ],
        ..PLAIN
    },
    Script {
        name: "rows-100000-swap",
        page: "table",
        before: "f.create(100000, 'list')",
        steps: &[Js("f.swap(1, 99998)"), Js("f.append(1)"), Js("f.updateEvery(10000)")],
        ..PLAIN
    },
    Script {
        name: "subtrees",
        page: "tree",
        steps: &[
            Js("f.moveSubtree()"),
            Js("f.moveSubtree()"),
            Js("f.moveThereAndBack()"),
            Js("f.replaceInnerHtml(3)"),
            Js("f.replaceInnerHtml(300)"),
            Js("f.replaceInnerHtml(0)"),
            Js("f.addAndRemove()"),
            Js("f.rescue()"),
            Js("f.rescue(); f.addAndRemove(); f.moveSubtree()"),
            Js("f.swapAncestors()"),
            Js("f.swapAncestors()"),
            Js("f.wrap()"),
            Js("f.wrap(); f.wrap()"),
            Js("f.unwrap()"),
            Js("f.unwrap(); f.unwrap()"),
            Js("f.wrap(); f.swapAncestors(); f.unwrap()"),
            Js("f.churn(1, 100)"),
            Js("f.churn(2, 1000)"),
            Js("f.moveSubtree(); f.churn(3, 300); f.replaceInnerHtml(5); f.swapAncestors(); f.wrap()"),
        ],
        ..PLAIN
    },
    // Gone for a while within one frame, and changed where no observer looks.
    Script {
        name: "away-and-back",
        page: "tree",
        steps: &[
            Js("const s = document.getElementById('subtree'), home = s.parentNode; s.remove(); await 0; await 0; s.title = 'changed'; s.append('more'); await 0; home.prepend(s)"),
            Js("const s = document.getElementById('subtree'), home = s.parentNode, inner = s.querySelector('*') ?? s; s.remove(); await 0; inner.append('deep'); home.append(inner); await 0; home.append(s)"),
            Js("const b = document.getElementById('brief'), t = b.appendChild(document.createTextNode('a')); await new Promise((done) => setTimeout(done, 100)); t.remove(); await 0; t.data = 'b'; await 0; b.prepend(t)"),
            Js("const s = document.getElementById('subtree'), home = s.parentNode; s.remove(); s.title = 'again'; home.prepend(s); home.replaceChildren(...home.childNodes)"),
        ],
        ..PLAIN
    },
    Script {
        name: "bulk-50000",
        page: "tree",
        steps: &[Js("f.bulk(50000)"), Js("f.churn(4, 20)"), Js("f.clearBulk()")],
        ..PLAIN
    },
    // Slices of a millisecond, and a page that goes on meanwhile.
    Script {
        name: "slices",
        page: "tree",
        budget: Some(1),
        steps: &[
            Js("f.bulk(20000)"),
            Js("f.bulk(20000); for (let k = 0; k < 20; k++) { await new Promise((done) => setTimeout(done, 3)); f.churn(k, 30) }"),
            Js("f.replaceInnerHtml(3000); await 0; f.rescue(); f.moveSubtree(); f.swapAncestors(); f.wrap(); f.replaceInnerHtml(2000)"),
            Js("f.clearBulk(); f.bulk(5000); f.nest(2000); await new Promise((done) => setTimeout(done, 5)); f.clearBulk(); f.moveSubtree()"),
            Js("f.moveSubtree(); f.churn(3, 3000); f.replaceInnerHtml(500); f.swapAncestors(); f.wrap()"),
            Js("const all = document.querySelectorAll('*'); for (const node of all) node.setAttribute('data-all', '1'); await 0; for (const node of all) node.setAttribute('data-all', '2')"),
            Js("const d = document, top = d.createElement('section'); for (let i = 0; i < 300; i++) { const host = d.createElement('div'); host.attachShadow({ mode: 'open' }).innerHTML = '<p>a</p>'.repeat(30); top.append(host) } d.body.append(top)"),
            Js("const d = document, t = d.createElement('template'); t.innerHTML = '<p>in <b>it</b></p>'.repeat(2000); d.body.append(t)"),
        ],
        ..PLAIN
    },
    Script {
        name: "slices-rows",
        page: "table",
        before: "f.create(1000)",
        budget: Some(1),
        steps: &[
            Js("f.append(5000)"),
            Js("f.shuffle(1); f.append(3000); f.shuffle(2)"),
            Js("f.sort(); f.updateEvery(2); f.insertAt(100, 2000); await new Promise((done) => setTimeout(done, 4)); f.reverse()"),
            Js("f.clear(); f.append(2000); await new Promise((done) => setTimeout(done, 2)); f.shuffle(3); f.removeAt(7)"),
        ],
        ..PLAIN
    },
    Script {
        name: "nesting-2000",
        page: "tree",
        steps: &[
            Js("f.nest(2000)"),
            Js("f.nest(1)"),
            Js("f.nest(2000); f.moveSubtree()"),
            Js(
                "let at = document.getElementById('deep'); while (at.firstElementChild) at = at.firstElementChild; at.textContent = 'edited'",
            ),
            Js(
                "let at = document.getElementById('deep'); for (let i = 0; i < 1000; i++) at = at.firstElementChild; document.getElementById('right').append(at)",
            ),
        ],
        ..PLAIN
    },
    Script {
        name: "text",
        page: "text",
        steps: &[
            Js("f.editText()"),
            Js("f.splitText()"),
            Js("f.normalize()"),
            Js("f.addParts()"),
            Js("f.splitText(); f.addParts(); f.normalize()"),
            Js("f.emptyText()"),
            Js("f.appendData()"),
            Js("f.insertData(2)"),
            Js("f.deleteData(0, 3)"),
            Js("f.editComments()"),
            Js("f.type('typed \\u{1F680} text')"),
            Js("for (const character of 'letter by letter') f.type(character)"),
            Js("f.typeByReplacing('replaced whole')"),
            Js("f.editUnicode()"),
            Js("f.breakSurrogate()"),
            Js("f.mendSurrogate()"),
            Js("f.editText(); f.type('x'); f.editUnicode(); f.editComments()"),
        ],
        ..PLAIN
    },
    Script {
        name: "attributes",
        page: "attributes",
        steps: &[
            Js("f.toggleClasses(10)"),
            Js("f.toggleClasses(1000)"),
            Js("f.setAttributes()"),
            Js("f.setAndRevert()"),
            Js("f.setAttributes(); f.removeAttributes()"),
            Js("f.setAttributes()"),
            Js("f.editStyle()"),
            Js("f.editStyle(); f.clearStyle()"),
            Js("f.editStyle()"),
            Js("f.setNamespaced()"),
            Js("f.setNamespaced()"),
            Js("f.removeNamespaced()"),
            Js("f.toggleBooleans()"),
            Js("f.toggleBooleans()"),
            Js("f.addOddAttributes()"),
            Js("f.changeOddAttributes()"),
            Js("f.removeOddAttributes()"),
            Js("f.setActiveValues()"),
        ],
        ..PLAIN
    },
    Script {
        name: "namespaces",
        page: "namespaces",
        steps: &[
            Js("f.addPrefixed()"),
            Js("f.addSvg()"),
            Js("f.addSvg()"),
            Js("f.editForeign()"),
            Js("f.addMath()"),
            Js("f.editTemplate()"),
            Js("f.cloneTemplate()"),
            Js("f.addTemplate()"),
            Js("f.attach()"),
            Js("f.editShadow()"),
            Js("f.moveSlotted()"),
            Js("f.moveSlotted()"),
            Js("f.define()"),
            Js("f.attachClosed()"),
            Js("f.adoptInShadow()"),
            Js("f.adoptInShadow(); f.shareAdopted()"),
            Js("f.dropSharing()"),
            Js("f.addPrefixed(); f.editTemplate(); f.editShadow()"),
        ],
        ..PLAIN
    },
    Script {
        name: "odd-names",
        page: "svg-names",
        boxes: true,
        steps: &[Js("f.addOdd()"), Js("f.moveOdd()"), Js("f.cloneOdd()"), Js("f.editOdd()")],
        ..PLAIN
    },
    Script { name: "quirks", page: "quirks", boxes: true, steps: &[Js("f.addLater()")], ..PLAIN },
    Script { name: "limited-quirks", page: "limited-quirks", boxes: true, steps: &[Js("f.addLater()")], ..PLAIN },
    Script {
        name: "hijack",
        page: "hijack",
        steps: &[
            Js("f.addHijacker()"),
            Js("f.changeForm()"),
            Js("f.moveForm()"),
            Js("f.addHijacker('parentNode'); f.addHijacker('remove'); f.changeForm()"),
            Js("f.removeHijackers()"),
            Js("f.changeForm"),
        ],
        ..PLAIN
    },
    Script {
        name: "form-state",
        page: "form",
        masked: &["#password"],
        steps: &[
            Js("f.setValues(1)"),
            Js("f.setValues(2, { events: true })"),
            Js("f.type('text', ' and more'); f.type('area', '\\nthird')"),
            Js("f.togglePassword()"),
            Js("f.type('password', 'x')"),
            Js("f.togglePassword()"),
            Js("f.changeType('search', 'text')"),
            Js("f.setDefaults()"),
            Js("f.addOption()"),
            Js("f.removeSelectedOption()"),
            Js("f.selectNone()"),
            Js("f.toggleDisabled()"),
            Js("f.setIndeterminate()"),
            Js("f.setIndeterminate(false)"),
            Js("f.editContent()"),
            Js("f.openDetails()"),
            Js("f.openDetails(false)"),
            Js("f.show()"),
            Js("f.closeDialog()"),
            Js("f.showModal()"),
            Js("f.closeDialog()"),
            Js("f.showPopover()"),
            Js("f.showPopover(false)"),
            Js("f.focus('text')"),
            Js("f.reset()"),
            Js("f.setValues(3); f.reset(); f.setValues(4)"),
        ],
        ..PLAIN
    },
    Script {
        name: "form-typing",
        page: "form",
        masked: &["#password"],
        steps: &[
            Keys("#text", " typed"),
            Keys("#search", "größer 漢字"),
            Keys("#email", "a@example.org"),
            Keys("#tel", "+49 30 123"),
            Keys("#number", "7"),
            Keys("#area", "\nanother line"),
            // Backspace and Home, as WebDriver writes keys.
            Keys("#text", "\u{e003}\u{e003}\u{e011}first "),
            Keys("#password", "correct horse"),
            Keys("#cc-number", "4000 1234"),
            Keys("#cc-name", "Name"),
            Keys("#editable", "typed into the page"),
            Keys("#one", "g"),
            Click("#check-b"),
            Click("#check-c"),
            Click("#radio-b"),
            Click("#toggle"),
            Keys("#password", " battery"),
            Click("#many option:nth-child(4)"),
            Click("#details summary"),
            Keys("#outside", "x"),
        ],
        ..PLAIN
    },
    Script {
        name: "scroll",
        page: "scroll",
        steps: &[
            Js("f.scrollAll(1)"),
            Js("f.scrollAll(2)"),
            Js("f.scrollTop()"),
            Js("f.scrollOne('both', 100, 200)"),
            Js("f.scrollWindow(300, 400)"),
            Js("await f.scrollSmoothly(300)"),
            Js("f.intoView()"),
            Js("f.addScrolled()"),
            Js("f.moveScroller()"),
            Js("f.shrink()"),
        ],
        ..PLAIN
    },
    Script {
        name: "scrolled-before-start",
        page: "scroll",
        before: "f.scrollAll(3)",
        steps: &[Js("f.scrollAll(4)")],
        ..PLAIN
    },
    // What markup says in one way and is another: texts side by side and empty ones, a comment that holds its own end,
    // raw text that looks like an end tag, nested templates, attributes in namespaces that only scripts make.
    Script {
        name: "markup-before-start",
        page: "tree",
        before: "const d = document, add = (name, ...inner) => { const e = d.createElement(name); e.append(...inner); d.body.append(e); return e };
          add('p', 'a', '', 'b & <c>', d.createComment('x --> y'), '\u{a0}', d.createComment(''), '\u{1f600}', '');
          add('template').innerHTML = '<b>in</b><template><i>deep</i></template>&amp;';
          d.body.append(Object.assign(d.createElement('script'), { type: 'text/plain', textContent: 'a </b> x < y' }));
          d.head.append(Object.assign(d.createElement('style'), { textContent: 'p > b { color: red } /* &amp; < */' }));
          add('div').innerHTML = '<svg viewBox=\"0 0 9 9\"><style>a > b { fill: red }</style><a xlink:href=\"#x\"><text>t</text></a><foreignObject><p>in</p></foreignObject></svg><math><mi>x</mi></math><p a\"b=1 =c=2>odd names</p>';
          add('p', 'host').attachShadow({ mode: 'open' }).innerHTML = '<slot></slot><i>shadow</i>';
          add('button', 'x').setAttribute('is', 'y-z'); add('my-element', 'custom');",
        steps: &[Js("document.body.lastChild.append('more')")],
        ..PLAIN
    },
    Script {
        name: "unclear-before-start",
        page: "tree",
        before: "const d = document, add = (e, ...inner) => { e.append(...inner); d.body.append(e); return e };
          add(d.createElement('br'), 'inside of what has no inside');
          add(Object.assign(d.createElement('script'), { type: 'text/plain' }), '</script>');
          add(d.createElementNS('http://www.w3.org/1999/xhtml', 'x:y'), 'prefixed');
          add(d.createElement('p')).setAttributeNS('urn:example', 'ex:own', '1');
          add(d.createElement('button', { is: 'y-z' }), 'as if it had an attribute');",
        steps: &[Js("document.body.lastChild.append('more')")],
        ..PLAIN
    },
    // One thing each that markup shows as something else, and in two of them as many things as there are.
    Script {
        name: "census-raw-end",
        page: "tree",
        before: "document.head.append(Object.assign(document.createElement('style'), { textContent: 'a</style><b>x</b><style>c' }))",
        steps: &[Js("document.body.append('more')")],
        ..PLAIN
    },
    Script {
        name: "census-raw-nodes",
        page: "tree",
        before: "const d = document, style = d.createElement('style');
          style.append(d.createElement('b'), d.createComment('c')); d.head.append(style);
          d.body.append(d.createComment('--><b></b><!--'), d.createElement('p'))",
        steps: &[Js("document.body.append('more')")],
        ..PLAIN
    },
    Script {
        name: "census-void",
        page: "tree",
        before: "const d = document, br = d.createElement('br');
          br.append(d.createElement('b'), d.createComment('c')); d.body.append(br, d.createComment('--><b></b><!--'), d.createElement('p'))",
        steps: &[Js("document.body.append('more')")],
        ..PLAIN
    },
    Script {
        name: "census-namespaces",
        page: "tree",
        before: "const d = document, svg = d.createElementNS('http://www.w3.org/2000/svg', 'svg');
          svg.append(d.createElement('path')); d.body.append(svg, d.createElementNS('http://www.w3.org/2000/svg', 'g'), d.createElement('p'))",
        steps: &[Js("document.body.append('more')")],
        ..PLAIN
    },
    // Ids are found out parent by parent, from what the records undo: everything moves at once, and more than once.
    Script {
        name: "first-records",
        page: "tree",
        before: "f.wrap()",
        steps: &[
            Js("const d = document, all = [...d.body.querySelectorAll('*')].filter((e) => e.firstElementChild);
                f.moveSubtree(); f.swapAncestors(); f.wrap();
                for (const e of all) { e.append(e.firstChild); e.prepend(d.createComment('new')); e.lastChild.remove(); }
                const last = all.at(-1); d.body.prepend(last); last.replaceChildren(...[...last.childNodes].reverse()); d.body.append(last)"),
            Js("document.body.prepend(document.body.lastElementChild); for (const e of [...document.body.querySelectorAll('*')]) e.setAttribute('data-seen', '1')"),
            Js("const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); while (w.nextNode()) if (!/^(SCRIPT|STYLE)$/.test(w.currentNode.parentNode.nodeName)) w.currentNode.data += '!'"),
        ],
        ..PLAIN
    },
    Script {
        name: "style-sheets",
        page: "styles",
        before: "await f.ready()",
        steps: &[
            Js("f.insertRule()"),
            Js("f.deleteRule()"),
            Js("for (let i = 0; i < 1000; i++) f.insertRule()"),
            Js("f.addRule()"),
            Js("f.insertIntoEmpty()"),
            Js("f.insertIntoEmpty()"),
            Js("f.setRuleStyle()"),
            Js("f.insertNested()"),
            Js("f.setHeldStyle()"),
            Js("f.setHeldStyle()"),
            Js("f.disableSheet()"),
            Js("f.disableSheet(false)"),
            Js("f.setMedia()"),
            Js("f.setMedia('')"),
            Js("f.setSheetMedia()"),
            Js("f.editStyleText()"),
            Js("f.insertRule()"),
            Js("f.moveStyle()"),
            Js("f.insertRule()"),
            Js("f.addStyleWithRules()"),
            Js("f.addStyle()"),
            Js("f.removeStyle()"),
            Js("await f.addLink()"),
            Js("f.setInline()"),
            Js("f.adopt()"),
            Js("f.adopt()"),
            Js("f.editAdopted()"),
            Js("f.editAdoptedRules()"),
            Js("f.swapAdopted()"),
            Js("f.pushAdopted()"),
            Js("f.dropAdopted()"),
            Js("f.moveBase()"),
        ],
        ..PLAIN
    },
    Script {
        name: "style-sheets-before-start",
        page: "styles",
        before: "await f.ready(); f.insertRule(); f.insertIntoEmpty(); f.setRuleStyle(); f.insertNested(); f.adopt(); f.disableSheet()",
        calm: true,
        steps: &[Js("f.insertRule()"), Js("f.editAdopted()"), Js("f.disableSheet(false)")],
        ..PLAIN
    },
    Script {
        name: "frames",
        page: "frames",
        before: "await f.ready()",
        boxes: true,
        steps: &[
            Js("f.edit()"),
            Js("f.setState()"),
            Js("f.style()"),
            Js("f.attach()"),
            Js("f.write()"),
            Js("f.write('')"),
            Js("f.exchange()"),
            Js("f.exchange(); f.edit()"),
            Js("f.add()"),
            Js("f.add()"),
            Js("await f.move()"),
            Js("f.edit()"),
            Js("await f.leave()"),
            Js("await f.load('quirks.html')"),
            Js("await f.load('inner.html'); await f.ready()"),
            Js("f.setState(); f.style(); f.attach(); f.edit()"),
            Js("f.remove()"),
        ],
        ..PLAIN
    },
    Script {
        name: "layers",
        page: "layers",
        before: "f.open('b', 'a')",
        boxes: true,
        steps: &[
            Js("f.open('c')"),
            Js("f.raise('b')"),
            Js("f.showModal()"),
            Js("f.raise('a')"),
            Js("f.closeModal()"),
            Js("f.showModal(); f.close('a'); f.open('a')"),
            Js("f.closeModal(); f.close('a', 'b')"),
            Js("f.select()"),
            Js("f.select(false)"),
            Js("f.open('a'); document.getElementById('a').remove()"),
        ],
        ..PLAIN
    },
    Script {
        name: "media",
        page: "media",
        before: "await f.ready()",
        steps: &[
            Js("await f.play()"),
            Js("await f.wait(700)"),
            Js("f.pause()"),
            Js("await f.seek(3)"),
            Js("f.setRate(2); await f.play(); await f.wait(400)"),
            Js("f.pause(); await f.add()"),
        ],
        ..PLAIN
    },
    Script {
        name: "pixels",
        page: "pixels",
        before: "f.draw(1)",
        boxes: true,
        steps: &[
            Js("f.dot()"),
            Js("await f.paint(1, 0, 0.5)"),
            Js("await f.picture(1)"),
            Js("await f.picture(2)"),
            Js("f.clear()"),
            Js("f.resize(200, 100)"),
            Js("f.resize(700, 300); f.draw(4)"),
            Js("f.addCanvas()"),
            Js("await f.paint(0, 0.6, 0.2)"),
        ],
        ..PLAIN
    },
    Script {
        name: "webgpu",
        page: "webgpu",
        before: "await f.open()",
        // All of it is done by the processor.
        flags: &[
            "--enable-unsafe-webgpu",
            "--use-webgpu-adapter=swiftshader",
            "--use-angle=swiftshader",
            "--enable-features=Vulkan",
            "--use-vulkan=swiftshader",
        ],
        steps: &[
            Js("await f.paint('plain', 0.2, 0.4, 0.8)"),
            Js("await f.paintLate('late', 0.1, 0.5, 0.2)"),
            Js("await f.paint('plain', 0.6, 0.1, 0.5); await f.paint('late', 1, 1, 1)"),
            Js("document.getElementById('plain').width = 300; await f.paint('plain', 0.9, 0.9, 0.2)"),
        ],
        ..PLAIN
    },
    Script {
        name: "states",
        page: "states",
        steps: &[
            Point("#link"),
            Point("#menu"),
            Js("f.addRule()"),
            Point("#button"),
            Point("#bold"),
            Js("f.target('two')"),
            Point("#two"),
            Js("f.focus('link')"),
            Point("#menu"),
            Js("f.define()"),
            Js("f.blur()"),
            Point("#one"),
        ],
        ..PLAIN
    },
    Script {
        name: "privacy",
        page: "privacy",
        masked: &["#password", "#new-password", "#direct-unmask", "#cc-number", "#cc-csc"],
        pixels: Some(
            "masked text is as long as what it stands for, not as wide: what follows it moves; the peer shows that text as it is",
        ),
        steps: &[
            Js("f.changePublic()"),
            Js("f.typeSecret()"),
            Js("f.togglePassword()"),
            Js("f.typeSecret('password')"),
            Js("f.togglePassword()"),
            Js("f.clear('password'); for (let i = 0; i < 20; i++) f.typeKey('password')"),
            Js("f.replacePassword()"),
            Js("f.dropAutocomplete()"),
            Js("f.becomePrivate()"),
            Js("f.moveIn()"),
            Js("f.moveOut()"),
            Js("f.moveIntoBlock()"),
            Js("f.moveOutOfBlock()"),
            Js("f.changeMasked()"),
            Js("f.changeBlocked()"),
            Js("f.addMasked()"),
            Js("f.changePublic()"),
        ],
        ..PLAIN
    },
];
