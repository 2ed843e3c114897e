//! How it looks, and how it is used by those who do not look.

use super::{Player, VISIT, a_moment};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// What sticks out of the window, or out of what holds it.
const OVERFLOW: &str = "const out = [], wide = innerWidth;
  if (document.documentElement.scrollWidth > wide) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of $$('button, select, input, .time, .slider, .panel, .warning, .opener, .thumbnail')) {
    if (element.closest('.rows')) continue;
    const { left, right, top, bottom, width } = element.getBoundingClientRect();
    const scrolls = element.closest('.part, .opener') !== null;
    if (width > 1 && (left < -1 || right > wide + 1 || !scrolls && (bottom > innerHeight + 1 || top < -1))) out.push(`${element.localName}.${element.className} ${element.getAttribute('aria-label') ?? ''}: ${left} to ${right}, ${top} to ${bottom}`);
  }
  return out";

pub(super) async fn looks(player: &Player<'_>) -> Result<()> {
    let fits = async |what: &str| -> Result<()> {
        let out: Vec<String> = player.get(OVERFLOW).await?;
        ensure!(out.is_empty(), "{what}: {out:?}");
        Ok(())
    };
    for (width, height) in [(1280, 800), (360, 640), (640, 360)] {
        player.browser.set_look(Some((width, height, false))).await?;
        player.browser.goto(&player.bench.page("/dist/player.html")).await?;
        player.sees("$('.opener h2').textContent", json!("Open a recording")).await?;
        fits(&format!("nothing open, {width}")).await?;
        player.open_looked_through(VISIT).await?;
        fits(&format!("open, {width}")).await?;
        for panel in ["changes", "search", "moments"] {
            player.get::<Value>(&format!("player.panel = '{panel}'; return null")).await?;
            a_moment().await;
            // In a low window the parts of the panel scroll.
            if height > 400 {
                fits(&format!("{panel}, {width}")).await?;
            }
        }
    }
    pictures(player).await
}

/// The pictures of `docs/pictures`.
async fn pictures(player: &Player<'_>) -> Result<()> {
    player.browser.set_look(Some((1280, 800, false))).await?;
    player.open_looked_through(VISIT).await?;
    let busy: f64 = player
        .get(
            "const points = (await player.recording.trail(0, player.recording.end)).filter(({ user }) => user !== 0);
              return points[Math.floor(points.length * 0.6)].at / 1000",
        )
        .await?;
    player.seek(busy).await?;
    a_moment().await;
    let (x, y) = player.place(0.16).await?;
    player.browser.move_to(x, y).await?;
    player.sees("$('.small-page').dataset.at > 0", json!(true)).await?;
    sleep(Duration::from_millis(800)).await;
    player.get::<Value>("player.shadowRoot.activeElement?.blur(); return null").await?;
    player.picture("player.png").await?;
    player.browser.move_to(640.0, 300.0).await?;
    let found = "const hits = await player.search('oval'); return hits.find(({ from }) => from > 1000).from / 1000";
    let typed: f64 = player.get(found).await?;
    player
        .get::<Value>("player.finder.show(player.finder.hits.findIndex(({ from }) => from > 1000)); return null")
        .await?;
    player.is_at(typed).await?;
    a_moment().await;
    player.picture("player-search.png").await?;
    // Opened anew: what the customer's browser prefers is taken care of where a page is built.
    player.browser.set_look(Some((1280, 800, true))).await?;
    player.open_looked_through(VISIT).await?;
    player.seek(typed).await?;
    player.get::<Value>("player.panel = 'changes'; return null").await?;
    player.sees("$$('#part-changes .row').length > 0", json!(true)).await?;
    player.get::<Value>("player.shadowRoot.activeElement?.blur(); return null").await?;
    a_moment().await;
    player.picture("player-dark.png").await?;
    player.browser.set_look(Some((360, 700, false))).await?;
    a_moment().await;
    player.picture("player-narrow.png").await?;
    player.get::<Value>("player.panel = ''; player.keyboard.show(); return null").await?;
    a_moment().await;
    player.picture("player-keys.png").await
}

/// What has no name, or a wrong one, for who listens.
const NAMELESS: &str = "const named = (element) => (element.getAttribute('aria-label') ?? (element.title || element.textContent)).trim() || element.labels?.[0]?.textContent.trim();
  const out = [];
  for (const element of $$('button, select, input, [role=slider], [role=tab], [tabindex], progress, dialog, aside')) {
    if (!named(element) && !element.getAttribute('aria-labelledby')) out.push(element.outerHTML.slice(0, 80));
    if (element.tabIndex > 0) out.push(`tabindex ${element.tabIndex}`);
  }
  for (const svg of $$('svg')) if (svg.getAttribute('aria-hidden') !== 'true') out.push('a picture is read');
  return out";

/// Texts with less contrast than 4.5 to 1, by the colours that the browser computes.
const PALE: &str = "const numbers = (colour) => {
    const pen = document.createElement('canvas').getContext('2d');
    pen.fillStyle = '#000'; pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 255) break;
    }
    return layers.reverse().reduce((below, [r, g, b, a]) => [r, g, b].map((part, index) => (part * a + below[index] * (255 - a)) / 255), [255, 255, 255]);
  };
  const out = [];
  let looked = 0;
  for (const element of $$('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!(own || element.matches('svg.icon')) || element.closest('.view, .small-page, .thumbnail[hidden]') || !element.checkVisibility() || element.closest('button:disabled') || element.matches('option')) continue;
    looked++;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort((one, two) => two - one);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (own ? 4.5 : 3)) out.push(`${element.localName}.${element.getAttribute('class')} “${element.textContent.trim().slice(0, 20)}”: ${contrast.toFixed(2)}`);
  }
  return [looked, out]";

pub(super) async fn access(player: &Player<'_>) -> Result<()> {
    for dark in [false, true] {
        player.browser.set_look(Some((1280, 800, dark))).await?;
        player.open_looked_through(VISIT).await?;
        player
            .get::<Value>("player.skipIdle = true; await player.seek(9); return player.search('oval').then(() => null)")
            .await?;
        for panel in ["search", "moments", "changes"] {
            player.get::<Value>(&format!("player.panel = '{panel}'; return null")).await?;
            player.sees(&format!("$$('#part-{panel} .row').length > 0"), json!(true)).await?;
            let (looked, pale): (u32, Vec<String>) = player.get(PALE).await?;
            ensure!(looked > 15 && pale.is_empty(), "{panel}, dark: {dark}: {looked} texts, too pale: {pale:?}");
        }
    }
    let nameless: Vec<String> = player.get(NAMELESS).await?;
    ensure!(nameless.is_empty(), "without a name: {nameless:?}");
    let slider: Value = player
        .value("Object.fromEntries(['role', 'aria-valuemin', 'aria-valuemax', 'aria-valuenow', 'aria-valuetext', 'aria-label'].map((name) => [name, $('.slider').getAttribute(name)]))")
        .await?;
    let number =
        |name: &str| slider[name].as_str().and_then(|text| text.parse::<f64>().ok()).context(format!("{slider}"));
    ensure!(slider["role"] == "slider" && slider["aria-label"] == "Position", "{slider}");
    ensure!(
        number("aria-valuemin")? <= 9.0 && number("aria-valuenow")? == 9.0 && number("aria-valuemax")? > 20.0,
        "{slider}"
    );
    ensure!(slider["aria-valuetext"].as_str().is_some_and(|text| text.starts_with("9 seconds of ")), "{slider}");

    // Every control is reached by Tab, in the order in which they stand, and shows that it has the focus.
    player.get::<Value>("player.panel = ''; $('.head-button').focus(); return null").await?;
    let here = "const element = player.shadowRoot.activeElement; if (!element) return null;
        const style = getComputedStyle(element);
        return [element.getAttribute('aria-label') ?? element.textContent.trim(), element.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2]";
    let mut reached = Vec::new();
    for _ in 0..40 {
        let Some((name, is_shown)) = player.get::<Option<(String, bool)>>(here).await? else { break };
        ensure!(is_shown || reached.is_empty(), "{name:?} does not show that it has the focus");
        reached.push(name.split('.').next().unwrap_or_default().to_owned());
        player.browser.key("Tab").await?;
    }
    let expected = [
        "Open",
        "The recorded page",
        "Position",
        "One frame back",
        "Play",
        "One frame on",
        "Speed",
        "Skip stretches without a change",
        "Trail of pointers",
        "What changed",
        "Search the text",
        "Copy a link to this moment",
        "Keys",
        "Full screen",
    ];
    ensure!(reached == expected, "by Tab: {reached:?}");
    // What is said after a seek.
    player.seek(12.0).await?;
    player.sees("$('p.unseen[role=status]').textContent.startsWith('12 seconds of ')", json!(true)).await?;
    // Tabs are gone through by arrows, and the player stays where it is.
    player.get::<Value>("player.panel = 'changes'; $('#tab-changes').focus(); return null").await?;
    player.browser.key("ArrowRight").await?;
    player.sees("[player.panel, $('#tab-search').getAttribute('aria-selected')]", json!(["search", "true"])).await?;
    player.is_at(12.0).await?;
    if player.value::<bool>("$('.panel').hidden").await? {
        bail!("the panel is open");
    }
    // Less motion where that is asked for: no transition is left.
    let moving = "const sheet = player.shadowRoot.adoptedStyleSheets[0];
        return [...sheet.cssRules].filter((rule) => rule.style?.transition || rule.style?.animation).length";
    ensure!(player.get::<u32>(moving).await? == 0, "something moves whatever is asked for");
    Ok(())
}
