//! Frames of another origin: those that have the script, and may be had by the page, are in the stream; others are boxes.

use crate::{
    pair::{Pair, REPLAYED, Transport},
    workbench::Workbench,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// A frame joins, and changes.
    Joined,
    /// The frame goes to another page, is removed, and comes again.
    Navigates,
    /// Frames that must stay boxes: without the script, or for other pages.
    Boxes,
    /// A frame whose origin the page does not list.
    Unlisted,
    /// What is masked around a frame is masked in it; passwords always.
    Masked,
    /// An agent acts in the frame.
    Acted,
    /// What is drawn in a frame, at once, later, and where it is masked.
    Canvas,
    /// A frame of a third origin in a frame that has joined; it goes to another page, moves, and is removed.
    Nested,
    /// Frames in a frame that has joined and must stay boxes: without the script, not listed, for other pages.
    NestedBoxes,
    /// What is masked in the page is masked in a frame of a frame, and so is what its own page masks around it.
    NestedMasked,
    /// An agent clicks in a frame of a frame.
    NestedActed,
    /// A frame of another origin in one of the page's own, later than the session, and there before the outer one is told.
    Within,
    /// The agent's page is of another origin: icons out of the page's own file are shown all the same.
    Icons,
}

impl Scenario {
    /// All of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::Joined,
        Self::Navigates,
        Self::Boxes,
        Self::Unlisted,
        Self::Masked,
        Self::Acted,
        Self::Canvas,
        Self::Nested,
        Self::NestedBoxes,
        Self::NestedMasked,
        Self::NestedActed,
        Self::Within,
        Self::Icons,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Navigates => "navigates",
            Self::Boxes => "boxes",
            Self::Unlisted => "unlisted",
            Self::Masked => "masked",
            Self::Acted => "acted",
            Self::Canvas => "canvas",
            Self::Nested => "nested",
            Self::NestedBoxes => "nested-boxes",
            Self::NestedMasked => "nested-masked",
            Self::NestedActed => "nested-acted",
            Self::Within => "within",
            Self::Icons => "icons",
        }
    }
}

const PAGE: &str = "/fixtures/outside.html";

/// What a document holds that is compared; a page may still be loading. Not every engine writes a rule's text in the same way;
/// WebKit counts adopted sheets among the document's own.
const SAYS: &str = "const says = (page) => [
      page.documentElement?.outerHTML.replace(/<script[^]*?<\\/script>/g, ''), page.getElementById('field')?.value, page.compatMode,
      page.getElementById('host')?.shadowRoot?.innerHTML, [...new Set([...page.styleSheets, ...page.adoptedStyleSheets])].map((sheet) => [...sheet.cssRules].map(({ selectorText, style }) => [selectorText, ...['font-size', 'margin-top', 'color', 'letter-spacing', 'border-top-style', 'border-top-color'].map((name) => style.getPropertyValue(name))])),
    ];";

/// Runs one scenario.
pub(crate) async fn run(bench: &Workbench, scenario: Scenario) -> Result<()> {
    match scenario {
        Scenario::Joined => joined(bench).await,
        Scenario::Navigates => navigates(bench).await,
        Scenario::Boxes => boxes(bench).await,
        Scenario::Unlisted => unlisted(bench).await,
        Scenario::Masked => masked(bench).await,
        Scenario::Acted => acted(bench).await,
        Scenario::Canvas => canvas(bench).await,
        Scenario::Nested => nested(bench).await,
        Scenario::NestedBoxes => nested_boxes(bench).await,
        Scenario::NestedMasked => nested_masked(bench).await,
        Scenario::NestedActed => nested_acted(bench).await,
        Scenario::Within => within(bench).await,
        Scenario::Icons => icons(bench).await,
    }
}

async fn open<'a>(bench: &'a Workbench, before: &str) -> Result<Pair<'a>> {
    let options = json!({ "frames": [bench.origin("localhost"), bench.origin(THIRD)] });
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, before, options).await?;
    pair.join().await?;
    Ok(pair)
}

/// Where the third page is.
const THIRD: &str = "inner.localhost";

/// Adds a frame of another origin, which can hold one of `host`, with `query` for that one's page.
fn adds(bench: &Workbench, host: &str, query: &str) -> String {
    let (page, other) = (bench.origin("127.0.0.1"), bench.origin(host));
    format!(
        "return window.fixture.add('joined.html', 'frame', {{ inner: '{other}/fixtures/frames/joined.html?host={page}{query}' }})"
    )
}

async fn tell(pair: &Pair<'_>, what: &str) -> Result<()> {
    pair.edit(&format!("return window.fixture.tell('frame', '{what}')"))
        .await
        .map(drop)
        .with_context(|| what.to_owned())
}

/// What the frame holds at the agent; nothing where there is no frame's document with content.
async fn shown(pair: &Pair<'_>) -> Result<Value> {
    let script = format!(
        "{SAYS} const page = {REPLAYED}.getElementById('frame')?.contentDocument;
         return page?.getElementById('title') ? says(page) : null"
    );
    pair.agent().eval(&script, vec![]).await
}

/// What it holds at the customer: the frame's page is asked in its own window.
async fn held(pair: &Pair<'_>) -> Result<Value> {
    pair.customer().in_frame("#frame", &format!("{SAYS} return says(document)")).await
}

/// Waits until both are the same.
async fn settles(pair: &mut Pair<'_>, label: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(8);
    loop {
        pair.sync().await.with_context(|| format!("after {label}"))?;
        let (customer, agent) = (held(pair).await?, shown(pair).await?);
        if customer == agent {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "after {label}: the frame holds {customer}, the agent has {agent}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn joined(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "joining").await?;
    pair.look("joining", None).await?;
    for what in ["add", "turn", "text", "class", "remove", "rule", "sheet", "shadow", "type", "many", "add"] {
        tell(&pair, what).await?;
        // What scripts give a field is polled; a flush asks for it.
        settles(&mut pair, what).await?;
    }
    pair.look("the last step", None).await?;
    pair.rejoin().await?;
    settles(&mut pair, "the agent's reload").await?;
    // Gone with the session: the frame's page is as it was, too.
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    tell(&pair, "add").await?;
    pair.finish().await
}

async fn navigates(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "").await?;
    pair.edit("return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "a frame that came later").await?;
    tell(&pair, "text").await?;
    settles(&mut pair, "text").await?;
    pair.edit("const frame = document.getElementById('frame'); const loaded = new Promise((done) => frame.addEventListener('load', done, { once: true })); window.fixture.tell('frame', 'go'); return loaded")
        .await?;
    settles(&mut pair, "another page in the frame").await?;
    tell(&pair, "add").await?;
    settles(&mut pair, "an edit of it").await?;
    pair.edit("window.fixture.remove('frame')").await?;
    pair.check("the frame's end").await?;
    pair.edit("return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "a new frame").await?;
    pair.finish().await
}

async fn boxes(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame', { script: 'no' })").await?;
    pair.edit("return window.fixture.add('joined.html', 'second', { allowed: 'https://elsewhere.example' })").await?;
    sleep(Duration::from_millis(600)).await;
    pair.check("frames that do not join").await?;
    ensure!(shown(&pair).await?.is_null(), "a frame without the script is shown");
    let script = format!(
        "return {REPLAYED}.getElementById('second').contentDocument?.getElementById('title') === undefined
        || {REPLAYED}.getElementById('second').contentDocument.getElementById('title') === null"
    );
    ensure!(pair.agent().eval::<bool>(&script, vec![]).await?, "a frame that another page may have is shown");
    pair.finish().await
}

async fn unlisted(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::start_after(
        bench,
        PAGE,
        Transport::Relay,
        "return window.fixture.add('joined.html', 'frame')",
        json!({}),
    )
    .await?;
    pair.join().await?;
    sleep(Duration::from_millis(600)).await;
    pair.check("a frame that is not listed").await?;
    ensure!(shown(&pair).await?.is_null(), "a frame that is not listed is shown");
    pair.finish().await
}

async fn masked(bench: &Workbench) -> Result<()> {
    let mut pair =
        open(bench, "window.fixture.mask('place'); return window.fixture.add('joined.html', 'frame')").await?;
    tell(&pair, "secret").await?;
    let script = format!(
        "const page = {REPLAYED}.getElementById('frame').contentDocument;
         return page?.getElementById('title') ? page.body.textContent + [...page.querySelectorAll('input')].map((field) => field.value) : ''"
    );
    let deadline = Instant::now() + Duration::from_secs(8);
    let mut text = String::new();
    while !text.contains("*****") {
        ensure!(Instant::now() < deadline, "the frame does not join: {text:?}");
        sleep(Duration::from_millis(50)).await;
        pair.sync().await?;
        text = pair.agent().eval(&script, vec![]).await?;
    }
    tell(&pair, "secret").await?;
    tell(&pair, "add").await?;
    pair.sync().await?;
    text = pair.agent().eval(&script, vec![]).await?;
    for secret in ["horse", "first", "item", "origin", "field"] {
        ensure!(!text.contains(secret), "{secret:?} reaches the agent: {text}");
    }
    pair.finish().await
}

/// Whether the agent has a pixel of what is drawn in the frame whose document there is `page`.
async fn drawn(pair: &Pair<'_>, page: &str) -> Result<bool> {
    let script = format!(
        "const canvas = {page}?.getElementById('canvas');
         const url = canvas && canvas.ownerDocument.defaultView.getComputedStyle(canvas).backgroundImage.match(/^url\\(\"(.*)\"\\)$/);
         if (!url) return false;
         const picture = Object.assign(new Image(), {{ src: url[1] }});
         return picture.decode().then(() => {{
             const context = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight).getContext('2d');
             context.drawImage(picture, 0, 0);
             return context.getImageData(0, 0, picture.naturalWidth, picture.naturalHeight).data.some((byte) => byte !== 0);
         }}, () => false)"
    );
    pair.agent().eval(&script, vec![]).await
}

async fn canvas(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "joining").await?;
    let page = format!("{REPLAYED}.getElementById('frame').contentDocument");
    let deadline = Instant::now() + Duration::from_secs(8);
    while !drawn(&pair, &page).await? {
        ensure!(Instant::now() < deadline, "the agent sees nothing of what is drawn in the frame");
        pair.sync().await?;
        sleep(Duration::from_millis(50)).await;
    }
    pair.look("what was drawn before the session", None).await?;
    tell(&pair, "draw").await?;
    pair.sync().await?;
    pair.look("drawing", None).await?;
    tell(&pair, "text").await?;
    settles(&mut pair, "text").await?;
    pair.rejoin().await?;
    settles(&mut pair, "the agent's reload").await?;
    pair.look("the agent's reload", None).await?;
    // From here on it is masked.
    let mask = "document.getElementById('picture').setAttribute('data-cobrowse-mask', '')";
    pair.customer().in_frame("#frame", mask).await?;
    let deadline = Instant::now() + Duration::from_secs(8);
    while drawn(&pair, &page).await? {
        ensure!(Instant::now() < deadline, "what is drawn where it is masked reaches the agent");
        pair.sync().await?;
        sleep(Duration::from_millis(50)).await;
    }
    tell(&pair, "draw").await?;
    pair.sync().await?;
    sleep(Duration::from_millis(700)).await;
    pair.sync().await?;
    ensure!(!drawn(&pair, &page).await?, "what is drawn later where it is masked reaches the agent");
    pair.finish().await
}

/// The agent's document of the frame in the frame.
fn innermost() -> String {
    format!("{REPLAYED}.getElementById('frame')?.contentDocument?.getElementById('inner')?.contentDocument")
}

/// What is in the frame of a frame, at the customer and at the agent.
async fn inner(pair: &Pair<'_>) -> Result<[Value; 2]> {
    let held = pair.customer().in_frames(&["#frame", "#inner"], &format!("{SAYS} return says(document)")).await?;
    let script =
        format!("{SAYS} const page = {}; return page?.getElementById('title') ? says(page) : null", innermost());
    Ok([held, pair.agent().eval(&script, vec![]).await?])
}

async fn inner_settles(pair: &mut Pair<'_>, label: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        pair.sync().await.with_context(|| format!("after {label}"))?;
        let [customer, agent] = inner(pair).await?;
        if customer == agent {
            return Ok(());
        }
        let (customer, agent) = (customer.to_string(), agent.to_string());
        let at = customer.bytes().zip(agent.bytes()).take_while(|(left, right)| left == right).count();
        let around = |text: &str| text.chars().skip(at.saturating_sub(20)).take(120).collect::<String>();
        ensure!(
            Instant::now() < deadline,
            "after {label}: the inner frame holds …{}…, the agent has …{}…",
            around(&customer),
            around(&agent)
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Does something to the page in the inner frame.
async fn tell_inner(pair: &Pair<'_>, what: &str) -> Result<()> {
    let script = format!("window.fixture.{what}()");
    pair.customer().in_frames(&["#frame", "#inner"], &script).await.map(drop)
}

async fn nested(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, &adds(bench, THIRD, "")).await?;
    tell(&pair, "nest").await?;
    inner_settles(&mut pair, "joining").await?;
    sleep(Duration::from_millis(400)).await;
    pair.sync().await?;
    pair.look("joining", None).await?;
    for what in ["add", "text", "rule", "shadow", "type", "many", "few", "turn"] {
        tell_inner(&pair, what).await?;
        inner_settles(&mut pair, what).await?;
    }
    // Both change at once.
    tell(&pair, "text").await?;
    tell_inner(&pair, "text").await?;
    inner_settles(&mut pair, "edits of both").await?;
    pair.rejoin().await?;
    inner_settles(&mut pair, "the agent's reload").await?;
    // All is told anew: other numbers for everything.
    pair.keyframe().await?;
    pair.edit("document.getElementById('place').setAttribute('data-cobrowse-mask', '')").await?;
    pair.edit("document.getElementById('place').removeAttribute('data-cobrowse-mask')").await?;
    inner_settles(&mut pair, "a mask that came and went").await?;
    tell_inner(&pair, "go").await?;
    inner_settles(&mut pair, "another page in the inner frame").await?;
    tell_inner(&pair, "add").await?;
    inner_settles(&mut pair, "an edit of it").await?;
    tell(&pair, "unnest").await?;
    sleep(Duration::from_millis(300)).await;
    pair.sync().await?;
    let gone = format!("return {} === undefined", innermost());
    pair.wait(pair.agent(), "the inner frame's end", &gone, Duration::from_secs(5)).await?;
    tell(&pair, "nest").await?;
    inner_settles(&mut pair, "a new inner frame").await?;
    pair.edit("window.fixture.remove('frame')").await?;
    pair.check("the end of both").await?;
    pair.edit(&adds(bench, THIRD, "")).await?;
    tell(&pair, "nest").await?;
    inner_settles(&mut pair, "both again").await?;
    // Gone with the session: all three pages are as they were.
    pair.customer().run("return window.__e2e.stop()", vec![]).await?;
    tell_inner(&pair, "add").await?;
    pair.finish().await
}

async fn nested_boxes(bench: &Workbench) -> Result<()> {
    // Without the script, of an origin that the page does not list, and for pages that this one is none of: the frame around it
    // does not count.
    let around = format!("&allowed={}", bench.origin("localhost"));
    let cases = [(THIRD, "&script=no"), ("elsewhere.localhost", ""), (THIRD, around.as_str())];
    for (host, query) in cases {
        let mut pair = open(bench, &adds(bench, host, query)).await?;
        tell(&pair, "nest").await?;
        let label = format!(
            "const frame = {REPLAYED}.getElementById('frame')?.contentDocument?.getElementById('inner');
             return Boolean(frame) && frame.getBoundingClientRect().width > 300"
        );
        pair.sync().await?;
        pair.wait(pair.agent(), "the box", &label, Duration::from_secs(8)).await?;
        sleep(Duration::from_millis(600)).await;
        pair.sync().await?;
        let script = format!("return {}?.getElementById('title') ? 'shown' : 'a box'", innermost());
        let found: String = pair.agent().eval(&script, vec![]).await?;
        ensure!(found == "a box", "{host}{query}: a frame that must not join is shown");
        pair.customer().run("return window.__e2e.stop()", vec![]).await?;
        pair.finish().await?;
    }
    Ok(())
}

async fn nested_masked(bench: &Workbench) -> Result<()> {
    // Once around both in the page, once in the frame between.
    for outer in [true, false] {
        let before = if outer { "window.fixture.mask('place');" } else { "" };
        let mut pair = open(bench, &format!("{before} {}", adds(bench, THIRD, ""))).await?;
        if !outer {
            pair.customer().in_frame("#frame", "document.body.setAttribute('data-cobrowse-mask', '')").await?;
        }
        tell(&pair, "nest").await?;
        let script = format!(
            "const page = {}; return page?.getElementById('title') ? page.body.textContent + [...page.querySelectorAll('input')].map((field) => field.value) : ''",
            innermost()
        );
        let deadline = Instant::now() + Duration::from_secs(8);
        let mut text = String::new();
        while !text.contains("*****") {
            ensure!(Instant::now() < deadline, "the inner frame does not join: {text:?}");
            sleep(Duration::from_millis(50)).await;
            pair.sync().await?;
            text = pair.agent().eval(&script, vec![]).await?;
        }
        for what in ["secret", "add", "draw"] {
            tell_inner(&pair, what).await?;
        }
        pair.sync().await?;
        sleep(Duration::from_millis(700)).await;
        pair.sync().await?;
        text = pair.agent().eval(&script, vec![]).await?;
        for secret in ["horse", "first", "item", "origin", "field"] {
            ensure!(!text.contains(secret), "{secret:?} reaches the agent: {text}");
        }
        ensure!(!drawn(&pair, &innermost()).await?, "what is drawn where it is masked reaches the agent");
        pair.customer().run("return window.__e2e.stop()", vec![]).await?;
        pair.finish().await?;
    }
    Ok(())
}

/// Clicks on the button in a frame, as the agent sees it; `frames` are those on the way to it.
async fn click_button(pair: &Pair<'_>, frames: &[&str]) -> Result<()> {
    let place = format!(
        "let page = {REPLAYED}, left = 0, top = 0;
         const add = (node) => {{
             const bounds = node.getBoundingClientRect();
             left += bounds.left + node.clientLeft; top += bounds.top + node.clientTop;
             return bounds;
         }};
         for (const id of arguments[0]) {{
             const frame = page.getElementById(id);
             add(frame);
             page = frame.contentDocument;
         }}
         const {{ width, height }} = add(page.getElementById('button'));
         const around = {REPLAYED}.defaultView.frameElement.getBoundingClientRect();
         const scale = around.width / {REPLAYED}.defaultView.innerWidth;
         return [around.left + (left + width / 2) * scale, around.top + (top + height / 2) * scale]"
    );
    // A frame that joins on its own says what it holds when it is ready.
    let deadline = Instant::now() + Duration::from_secs(5);
    let [x, y]: [f64; 2] = loop {
        match pair.agent().eval(&place, vec![json!(frames)]).await {
            Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
            found => break found?,
        }
    };
    pair.agent().click_at(x, y).await
}

/// Waits until the page in a frame has got the click, on the button.
async fn clicked(pair: &Pair<'_>, frames: &[&str]) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    // Where two engines lay the text out, the button is at two places.
    let is_crossed = pair.customer().engine() != pair.agent().engine();
    loop {
        let found = pair.customer().in_frames(frames, "return document.getElementById('clicks').textContent").await?;
        if found == json!("1") || is_crossed && found != json!("0") {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the agent's click does not arrive as one on the button: {found}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn nested_acted(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, &adds(bench, THIRD, "")).await?;
    tell(&pair, "nest").await?;
    inner_settles(&mut pair, "joining").await?;
    click_button(&pair, &["frame", "inner"]).await?;
    clicked(&pair, &["#frame", "#inner"]).await?;
    inner_settles(&mut pair, "the click").await?;
    pair.finish().await
}

async fn within(bench: &Workbench) -> Result<()> {
    let (page, other) = (bench.origin("127.0.0.1"), bench.origin("localhost"));
    let inner = format!("{other}/fixtures/frames/joined.html?host={page}");
    // The frame between is of the page's own origin and has no script of ours: it is read from the page.
    let add = format!(
        "const frame = Object.assign(document.createElement('iframe'), {{ id: 'frame' }});
         frame.src = '/fixtures/frames/joined.html?' + new URLSearchParams({{ script: 'no', inner: '{inner}' }});
         const loaded = new Promise((done) => frame.addEventListener('load', done, {{ once: true }}));
         document.getElementById('place').append(frame);
         await loaded;"
    );
    let nest = "const outer = document.getElementById('frame').contentWindow;
         outer.fixture.nest();
         await new Promise((done) => outer.document.getElementById('inner').addEventListener('load', done, { once: true }));";
    let whole = |body: &str| format!("return (async () => {{ {body} }})()");
    let mut pair = open(bench, &whole(&add)).await?;
    pair.edit(&whole(nest)).await?;
    inner_settles(&mut pair, "a frame that came later").await?;
    click_button(&pair, &["frame", "inner"]).await?;
    clicked(&pair, &["#frame", "#inner"]).await?;
    inner_settles(&mut pair, "the click").await?;
    for what in ["add", "text", "shadow"] {
        tell_inner(&pair, what).await?;
        inner_settles(&mut pair, what).await?;
    }
    pair.edit("window.fixture.remove('frame')").await?;
    pair.check("the end of both").await?;
    pair.edit(&whole(&format!("{add} {nest}"))).await?;
    inner_settles(&mut pair, "both at once").await?;
    pair.edit("document.getElementById('frame').contentDocument.getElementById('inner').remove()").await?;
    pair.edit(&whole(nest)).await?;
    inner_settles(&mut pair, "another in the same frame").await?;
    pair.finish().await
}

async fn acted(bench: &Workbench) -> Result<()> {
    let mut pair = open(bench, "return window.fixture.add('joined.html', 'frame')").await?;
    settles(&mut pair, "joining").await?;
    click_button(&pair, &["frame"]).await?;
    clicked(&pair, &["#frame"]).await?;
    settles(&mut pair, "the click").await?;
    pair.finish().await
}

async fn icons(bench: &Workbench) -> Result<()> {
    let add = "document.body.insertAdjacentHTML('beforeend', `<style>.icon { width: 60px; height: 60px; color: teal; fill: currentColor }</style>
        <svg class=icon><use id=icon href='frames/icons.svg#star'></use></svg><svg class=icon style='color: crimson'><use xlink:href='frames/icons.svg#box'></use></svg>`)";
    let mut pair = Pair::start_after(bench, PAGE, Transport::Relay, add, json!({})).await?;
    pair.is_elsewhere = true;
    pair.join().await?;
    for step in ["", "document.getElementById('icon').setAttribute('href', 'frames/icons.svg#box')"] {
        pair.edit(step).await?;
        // The file is fetched when there is time.
        sleep(Duration::from_millis(1200)).await;
        pair.sync().await?;
        pair.look("icons", None).await?;
    }
    pair.finish().await
}
