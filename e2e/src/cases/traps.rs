//! Browser traps: what the engine's means would spoil if they were used without care (`docs/architecture.md`).

use crate::{
    browser::Browser,
    pair::{Pair, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;

/// What the page does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trap {
    /// It shows a modal dialog: all else is inert.
    ModalDialog,
    /// It calls `document.open()`: listeners are gone.
    DocumentOpen,
    /// It moves the focus, which the agent's page keeps.
    Focus,
    /// It is in a hidden tab: there are no animation frames.
    HiddenTab,
    /// It holds what no page should: a text and attributes of a megabyte, elements that use each other in a circle.
    Huge,
    /// It asks before it is left, and is printed.
    Leaving,
    /// A frame of it goes on to another origin: its window's functions cannot be taken back.
    FrameLeaves,
    /// It makes so much garbage that the browser collects what nobody holds while our scripts are on their way.
    Garbage,
}

impl Trap {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::ModalDialog,
        Self::DocumentOpen,
        Self::Focus,
        Self::HiddenTab,
        Self::Huge,
        Self::Leaving,
        Self::FrameLeaves,
        Self::Garbage,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ModalDialog => "modal-dialog",
            Self::DocumentOpen => "document-open",
            Self::Focus => "focus",
            Self::HiddenTab => "hidden-tab",
            Self::Huge => "huge",
            Self::Leaving => "leaving",
            Self::FrameLeaves => "frame-leaves",
            Self::Garbage => "garbage",
        }
    }
}

/// Gives the agent something to type into, with the focus in it.
const CHAT: &str = "const chat = document.body.appendChild(document.createElement('input'));
  chat.id = 'chat'; chat.style.cssText = 'position:fixed;right:0;top:0;width:80px'; chat.focus();
  window.__lost = 0; chat.addEventListener('blur', () => { window.__lost += 1 });";

/// Whether the agent still types where it typed.
const KEPT: &str = "return document.activeElement?.id === 'chat' && window.__lost === 0";

/// Whether a click at the bottom of the customer's viewport would reach the bar of the session.
const BAR: &str = "const hit = document.elementFromPoint(innerWidth / 2, innerHeight - 34);
  return hit?.localName ?? 'nothing'";

/// Runs one.
pub(crate) async fn run(bench: &Workbench, trap: Trap) -> Result<()> {
    match trap {
        Trap::ModalDialog => modal_dialog(bench).await,
        Trap::DocumentOpen => document_open(bench).await,
        Trap::Focus => focus(bench).await,
        Trap::HiddenTab => hidden_tab(bench).await,
        Trap::Huge => huge(bench).await,
        Trap::Leaving => leaving(bench).await,
        Trap::FrameLeaves => frame_leaves(bench).await,
        Trap::Garbage => garbage(bench).await,
    }
}

/// Notes who listens for what belongs to the page alone.
const NOTE_LISTENERS: &str =
    "window.__heard = []; window.__print = window.print; const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (/unload|print/.test(type)) window.__heard.push(type);
    return addEventListener.call(this, type, ...rest);
  }";

async fn leaving(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(bench, "/fixtures/form.html", Transport::Relay, NOTE_LISTENERS, json!({})).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    let ours = "return [...window.__heard, window.onbeforeunload, window.onunload, window.onbeforeprint, window.print === window.__print].join()";
    let heard: String = pair.customer().eval(ours, vec![]).await?;
    ensure!(heard == ",,,true", "the engine has a hand in leaving or printing: {heard}");
    // The page's own question is asked.
    let asks = "onbeforeunload = (event) => event.preventDefault();
      const asked = !dispatchEvent(new Event('beforeunload', { cancelable: true })); onbeforeunload = null; return asked";
    ensure!(pair.customer().eval::<bool>(asks, vec![]).await?, "the page cannot ask before it is left");
    // On paper there is the page, and not the bar.
    ensure!(bar(&pair).await? == "cobrowse-overlay", "there is no bar");
    pair.customer().set_print(true).await?;
    let box_of = "return document.querySelector('cobrowse-overlay').getClientRects().length";
    let boxes: u32 = pair.customer().eval(box_of, vec![]).await?;
    pair.customer().set_print(false).await?;
    ensure!(boxes == 0, "the bar is printed");
    ensure!(bar(&pair).await? == "cobrowse-overlay", "the bar is gone after printing");
    pair.check("printing").await?;
    pair.finish().await
}

/// Whenever an element is appended, all that nobody holds is collected soon.
const LITTER: &str = "const litter = () => { for (let i = 0; i < 40; i++) new Array(50000).fill().map(() => ({})); };
  const { append } = Element.prototype;
  Element.prototype.append = function (...nodes) {
    append.apply(this, nodes);
    if (nodes[0]?.localName === 'script') Promise.resolve().then(litter);
  }";

async fn garbage(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(bench, "/fixtures/text.html", Transport::Relay, LITTER, json!({})).await?;
    pair.join().await?;
    pair.check("keyframe").await?;
    pair.finish().await
}

async fn frame_leaves(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/frames.html", Transport::Direct).await?;
    wait_for(pair.customer(), "return !/native code/.test(document.getElementById('outside').contentWindow.scrollBy)")
        .await?;
    pair.step("a frame leaves", "return window.fixture.leave()").await?;
    // No relay tells of the end: what goes wrong as the session stops is what this gives.
    pair.edit("return window.__e2e.stop()").await.context("session.stop")?;
    let is_native = "return /native code/.test(Element.prototype.scrollBy) && /native code/.test(scrollBy)";
    ensure!(pair.customer().eval::<bool>(is_native, vec![]).await?, "a changed prototype was not taken back");
    Ok(())
}

async fn huge(bench: &Workbench) -> Result<()> {
    let circle = "document.body.insertAdjacentHTML('beforeend', `<svg id=circle width=40 height=40>
        <g id=one><use href='#two'/><circle r=9 cx=9 cy=9 /></g><g id=two><use href='#one'/></g><use href='#three' id=three /></svg>`)";
    let text = "const words = (seed) => Array.from({ length: 1 << 17 }, (_, i) => ((i * 2654435761 + seed) >>> 0).toString(36)).join(' ');
        window.__words = words; const node = document.body.appendChild(document.createElement('p'));
        node.id = 'huge'; node.textContent = words(1)";
    // Before the session, so that all of it is in the first frame; then each again.
    let before = format!("{circle}; {{ {text} }}");
    let mut pair = Pair::start_after(bench, "/fixtures/text.html", Transport::Relay, &before, json!({})).await?;
    pair.join().await?;
    pair.check("a page of a megabyte").await?;
    for step in [
        "document.getElementById('huge').firstChild.replaceData(600000, 10, 'in the middle')",
        "document.getElementById('huge').setAttribute('data-all', window.__words(2))",
        "document.getElementById('huge').setAttribute('data-all', window.__words(2).replace(/ 1/, ' 2'))",
        "document.getElementById('huge').firstChild.data = window.__words(3)",
        "document.getElementById('one').append(document.getElementById('circle').lastElementChild)",
        "for (let i = 0; i < 1020; i++) document.getElementById('huge').setAttribute('data-' + i, i)",
        "document.getElementById('huge').remove(); document.getElementById('circle').remove()",
    ] {
        pair.step(step, step).await?;
    }
    pair.finish().await
}

async fn modal_dialog(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/form.html", Transport::Relay).await?;
    pair.agent().run(CHAT, vec![]).await?;
    ensure!(bar(&pair).await? == "cobrowse-overlay", "the bar cannot be clicked before the dialog opens");
    pair.edit("window.fixture.showModal()").await?;
    pair.check("a modal dialog").await?;
    let modal = "return window.__e2e.replayed().querySelectorAll('dialog:modal').length";
    let count: u32 = pair.agent().eval(modal, vec![]).await?;
    ensure!(count == 1, "{count} dialogs are modal at the agent, expected 1");
    ensure!(pair.agent().eval::<bool>(KEPT, vec![]).await?, "the dialog took the agent's focus");
    let hit = bar(&pair).await?;
    ensure!(hit == "cobrowse-overlay", "a click on the bar would reach {hit} while a modal dialog is open");
    pair.edit("window.fixture.closeDialog()").await?;
    pair.check("the dialog closed").await?;
    let count: u32 = pair.agent().eval(modal, vec![]).await?;
    ensure!(count == 0, "{count} dialogs are modal at the agent, expected none");
    ensure!(pair.agent().eval::<bool>(KEPT, vec![]).await?, "the closed dialog took the agent's focus");
    let hit = bar(&pair).await?;
    ensure!(hit == "cobrowse-overlay", "a click on the bar would reach {hit} after the dialog closed");
    pair.finish().await
}

async fn bar(pair: &Pair<'_>) -> Result<String> {
    pair.customer().eval(BAR, vec![]).await
}

async fn document_open(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/form.html", Transport::Relay).await?;
    pair.edit(
        "document.open(); document.write('<!doctype html><title>Anew</title><p>written anew</p>'
           + '<div id=box style=\"height:50px;overflow:auto\"><p style=\"height:900px\">tall</p></div>'); document.close()",
    )
    .await?;
    pair.check("document.open()").await?;
    // Nothing asks for a frame but the event.
    pair.edit("document.getElementById('box').scrollTop = 120").await?;
    wait_for(pair.agent(), "return window.__e2e.replayed().getElementById('box').scrollTop === 120")
        .await
        .context("scrolling after document.open()")?;
    pair.check("scrolled").await?;
    let hit = bar(&pair).await?;
    ensure!(hit == "cobrowse-overlay", "the bar is gone after document.open(): there is {hit}");
    pair.finish().await
}

async fn focus(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, "/fixtures/form.html", Transport::Relay).await?;
    pair.agent().run(CHAT, vec![]).await?;
    for id in ["text", "area"] {
        pair.customer().run("window.fixture.focus(arguments[0])", vec![json!(id)]).await?;
        pair.check("focus moved").await?;
        let ring = "const frame = document.querySelector('#stage iframe');
          const at = frame.getBoundingClientRect(), scale = at.width / frame.offsetWidth;
          const rect = window.__e2e.replayed().getElementById(arguments[0]).getBoundingClientRect();
          const near = (a, b) => Math.abs(a - b) < 1.5;
          return [...document.querySelectorAll('#stage div[aria-hidden]')].some((ring) => {
            const box = ring.getBoundingClientRect();
            return box.width > 0 && near(box.x, at.x + rect.x * scale) && near(box.y, at.y + rect.y * scale)
              && near(box.width, rect.width * scale) && near(box.height, rect.height * scale);
          })";
        let shown: bool = pair.agent().eval(ring, vec![json!(id)]).await?;
        ensure!(shown, "the focus on #{id} is not shown at the agent");
        ensure!(pair.agent().eval::<bool>(KEPT, vec![]).await?, "the customer's focus took the agent's");
    }
    pair.finish().await
}

async fn hidden_tab(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(
        bench,
        "/fixtures/form.html",
        Transport::Relay,
        "window.requestAnimationFrame = () => 0; window.cancelAnimationFrame = () => {};",
        json!({}),
    )
    .await?;
    pair.join().await?;
    pair.edit("document.body.append('without an animation frame')").await?;
    wait_for(pair.agent(), "return window.__e2e.replayed()?.body?.lastChild?.data === 'without an animation frame'")
        .await?;
    pair.check("a hidden tab").await?;
    pair.finish().await
}

/// Waits until a function body gives true, 5 s at most.
async fn wait_for(browser: &Browser, script: &str) -> Result<()> {
    let looped = format!(
        "const is = () => {{ {script} }}; const end = performance.now() + 5000;
         return new Promise((done) => {{
           const look = () => is() ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20);
           look();
         }})"
    );
    let reached: bool = browser.eval(&looped, vec![]).await?;
    ensure!(reached, "not so within 5 s: {script}");
    Ok(())
}
