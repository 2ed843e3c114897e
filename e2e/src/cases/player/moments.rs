//! The time line, the search, what changed, and pointers.

use super::{Player, VISIT};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) async fn timeline(player: &Player<'_>) -> Result<()> {
    player.open_looked_through(VISIT).await?;
    let duration: f64 = player.value("player.duration").await?;
    let begin: f64 = player.value("player.recording.begin / 1000").await?;
    let at = |share: f64| begin + (duration - begin) * share;
    let near =
        |share: f64| format!("!player.seeking && Math.abs(player.currentTime - {}) < {}", at(share), duration / 200.0);
    let (x, y) = player.place(0.25).await?;
    player.browser.click_at(x, y).await?;
    player.sees(&near(0.25), json!(true)).await?;
    // The slider says what it shows.
    player
        .sees("Number($('.slider').getAttribute('aria-valuenow')) === Math.round(player.currentTime)", json!(true))
        .await?;
    let told: String = player.value("$('.slider').getAttribute('aria-valuetext')").await?;
    ensure!(told.contains("second") && told.contains(" of "), "the slider says {told:?}");

    // Dragged while it plays: it goes on from where it is let go.
    player.click(".main").await?;
    player.browser.drag(player.place(0.3).await?, player.place(0.7).await?).await?;
    player.sees(&format!("!player.paused && player.currentTime > {}", at(0.69)), json!(true)).await?;
    player.click(".main").await?;
    player.sees("player.paused", json!(true)).await?;

    // A picture of the page at the place that is pointed at, with what happened there.
    let (x, y) = player.place(0.5).await?;
    player.browser.move_to(x, y).await?;
    player
        .sees(
            &format!(
                "!$('.thumbnail').hidden && Math.abs(Number($('.small-page').dataset.at) / 1000 - {}) < {}",
                at(0.5),
                duration / 200.0
            ),
            json!(true),
        )
        .await?;
    let same = "const small = player.timeline.thumbnail.recording, shown = small.stats().hash;
        await player.seek(small.now / 1000);
        return [shown === player.recording.stats().hash, small.document.body.querySelectorAll('*').length > 20]";
    ensure!(player.get::<[bool; 2]>(same).await? == [true, true], "the small page is that of its moment");
    let (x, y) = player.middle(".stage").await?;
    player.browser.move_to(x, y).await?;
    player.sees("$('.thumbnail').hidden", json!(true)).await?;

    // Marks stand where what they mark happened, and there it is told.
    let (kind, share, label): (String, f64, String) = player
        .get("const mark = player.happened.filter(({ kind }) => kind === 'page').pop();
              return [mark.kind, (mark.at - player.recording.begin) / (player.recording.end - player.recording.begin), mark.label]")
        .await?;
    ensure!(kind == "page" && label.contains("checkout"), "the last page is {label:?}");
    let (x, y) = player.place(share).await?;
    player.browser.move_to(x, y).await?;
    // Others may stand at the same place.
    let named = format!(
        "player.happened.filter(({{ label }}) => label === $('.thumbnail span').textContent).some(({{ at }}) => Math.abs(at - player.happened.find(({{ label }}) => label === {}).at) < 500)",
        json!(label)
    );
    player.sees(&named, json!(true)).await?;

    // A stretch without a change: it is told, and skipped where that is asked for.
    let (from, to): (f64, f64) = player
        .get("const gap = player.playback.idle.toSorted((a, b) => b.to - b.from - a.to + a.from)[0]; return [gap.from / 1000, gap.to / 1000]")
        .await?;
    ensure!(to - from > 4.0, "the longest stretch without a change is {from} to {to}");
    let (x, y) = player.place((f64::midpoint(from, to) - begin) / (duration - begin)).await?;
    player.browser.move_to(x, y).await?;
    player.sees("/^no change for \\d+ s$/.test($('.thumbnail span').textContent)", json!(true)).await?;
    for (skips, most) in [(true, to - from - 1.5), (false, f64::MAX)] {
        player.get::<Value>(&format!("player.skipIdle = {skips}; return player.seek({from} - 0.2)")).await?;
        let watched = format!(
            "const since = performance.now(); let said = ''; player.play();
             while (player.currentTime < {from} + ({skips} ? {to} - {from} + 0.05 : 1.2) && performance.now() - since < 20000) {{
               said ||= $('.skipped').textContent; await new Promise((resolve) => setTimeout(resolve, 20));
             }}
             player.pause(); return [(performance.now() - since) / 1000, said]"
        );
        let (took, said): (f64, String) = player.get(&watched).await?;
        ensure!(took < most, "a stretch of {} s took {took} s", to - from);
        ensure!(said.starts_with("Skipping") == skips, "it says {said:?}");
    }
    Ok(())
}

pub(super) async fn search(player: &Player<'_>) -> Result<()> {
    player.open(VISIT, "").await?;
    player.focus().await?;
    player.browser.key("/").await?;
    for key in ["R", "o", "b", "i", "n"] {
        player.browser.key(key).await?;
    }
    player.browser.key("Enter").await?;
    player
        .sees("/^\\d+ places?\\.$/.test($('#part-search .note').textContent) && $('.doing').hidden", json!(true))
        .await?;
    let hits: Vec<(f64, String)> =
        player.value("player.finder.hits.map(({ from, text }) => [from / 1000, text])").await?;
    ensure!(!hits.is_empty() && hits.iter().all(|(_, text)| text.to_lowercase().contains("robin")), "found {hits:?}");
    player.sees("$$('.flag.hit').length", json!(hits.len())).await?;
    player.sees("$('#part-search mark').textContent.toLowerCase()", json!("robin")).await?;
    // The next place: it is gone to, and shown.
    player.browser.key("Enter").await?;
    player.is_at(hits[0].0).await?;
    player.sees("$('#part-search [aria-current]') === $$('#part-search .row')[0]", json!(true)).await?;
    player.sees("$('.outline').hidden", json!(false)).await?;
    let last = hits.last().context("a place")?.0;
    player.click("[aria-label='Previous place']").await?;
    player.is_at(last).await.context("the place before the first is the last")?;
    player.click("[aria-label='Next place']").await?;
    player.is_at(hits[0].0).await?;
    player.click(&format!("#part-search li:nth-child({}) .row", hits.len())).await?;
    player.is_at(last).await?;
    let over = "const [line, page] = [$('.outline'), $('.view')].map((element) => element.getBoundingClientRect());
        return !$('.outline').hidden && line.top > page.top - 6 && line.bottom < page.bottom + 6";
    player.sees(&format!("(() => {{ {over} }})()"), json!(true)).await.context("the place is in sight")?;
    // What is found is there: it is in the page at that time.
    let there = "const hit = player.finder.hits.at(-1), node = player.recording.element(hit.node);
        return (node.nodeType === 3 ? node.data : node.value ?? node.textContent).toLowerCase().includes('robin')";
    ensure!(player.get::<bool>(there).await?, "the place that is shown holds the text");

    player.get::<Value>("return player.search('no such text as this').then(() => null)").await?;
    player
        .sees(
            "[$('#part-search .note').textContent, $$('.flag.hit').length]",
            json!(["“no such text as this” is not to be read anywhere.", 0]),
        )
        .await?;

    // It can be cancelled, and says so. A file that comes slowly gives the time for it.
    let slow = "const going = player.search('e');
        $('.doing .button').click();
        await going; return $('#part-search .note').textContent";
    let told: String = player.get(slow).await?;
    ensure!(told.starts_with("Cancelled: "), "it says {told:?}");
    player.sees("$('.doing').hidden", json!(true)).await
}

pub(super) async fn changes(player: &Player<'_>) -> Result<()> {
    player.open_looked_through(VISIT).await?;
    // The customer types: a state of the field changes with each letter.
    let typed: f64 =
        player.get("const hits = await player.search('oval'); player.panel = ''; return hits.find(({ from }) => from > 1000).from / 1000").await?;
    player.seek(typed).await?;
    player.focus().await?;
    player.browser.key("c").await?;
    player.sees("/^At .*: [1-9]\\d* changes?/.test($('#part-changes .note').textContent)", json!(true)).await?;
    let rows: Vec<String> = player.value("$$('#part-changes .row').map((row) => row.textContent)").await?;
    ensure!(rows.iter().any(|row| row.contains("oval")), "what changed at {typed} s: {rows:?}");
    // The page itself was not touched for it.
    player.is_at(typed).await?;
    // Pointed at, a change is shown in the page; nothing of that is in the page.
    let inner = "player.document.documentElement.outerHTML.length";
    let before: u32 = player.value(inner).await?;
    let shown = "const rows = $$('#part-changes .row'); for (const row of rows) { row.focus(); await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))); if (!$('.outline').hidden) return row.textContent; } return ''";
    let outlined: String = player.get(shown).await?;
    ensure!(!outlined.is_empty(), "no change is outlined");
    player.sees(inner, json!(before)).await?;
    let over = "const [line, page] = [$('.outline').getBoundingClientRect(), $('.view').getBoundingClientRect()];
        return line.right > page.left && line.left < page.right && line.bottom > page.top && line.top < page.bottom";
    ensure!(player.get::<bool>(over).await?, "the line is over the page");
    // One frame on, other changes.
    let told: String = player.value("$('#part-changes .note').textContent").await?;
    player.browser.key(".").await?;
    player.sees(&format!("$('#part-changes .note').textContent !== {} && /: \\d+ change/.test($('#part-changes .note').textContent)", json!(told)), json!(true)).await?;
    // It goes on telling while it plays.
    let told: String = player.value("$('#part-changes .note').textContent").await?;
    player.seek(0.5).await?;
    player.browser.key("k").await?;
    player.sees(&format!("$('#part-changes .note').textContent.startsWith('Up to') && $('#part-changes .note').textContent !== {}", json!(told)), json!(true)).await?;
    player.browser.key("k").await?;
    player.sees("/^At /.test($('#part-changes .note').textContent)", json!(true)).await?;
    player.browser.key("Home").await?;
    player.sees("$('#part-changes .note').textContent", json!("Here the recording begins.")).await
}

/// Whether pixels of the overlay are of a colour, each within 40.
const PIXELS: &str = "const pen = $('canvas').getContext('2d'), { width, height } = $('canvas');
    const { data } = pen.getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 60 && COLOUR.every((part, index) => Math.abs(part - data[at + index]) < 40)) count++;
    }
    return count";

pub(super) async fn trail(player: &Player<'_>) -> Result<()> {
    player.open_looked_through(VISIT).await?;
    let count = async |colour: &str| -> Result<u32> { player.get(&PIXELS.replace("COLOUR", colour)).await };
    let (customer, agent) = ("[230, 57, 70]", "[29, 78, 216]");
    let (own, others): (f64, f64) = player
        .get("const points = await player.recording.trail(0, player.recording.end);
              const busy = (user) => points.filter((point) => user(point.user)).find((point, index, all) => index > 6 && point.at - all[index - 6].at < 900);
              return [busy((user) => user === 0).at / 1000, busy((user) => user !== 0).at / 1000]")
        .await?;
    for (at, colour) in [(own, customer), (others, agent)] {
        player.seek(at).await?;
        let deadline = Instant::now() + Duration::from_secs(8);
        while count(colour).await? < 40 {
            ensure!(Instant::now() < deadline, "at {at} s nothing of {colour} is drawn");
            sleep(Duration::from_millis(50)).await;
        }
    }
    player.sees("player.overlay.names.size > 0 && [...player.overlay.names.values()][0]", json!("Ann")).await?;
    player.sees("player.document.querySelectorAll('canvas, .outline').length", json!(0)).await?;
    player.focus().await?;
    player.browser.key("t").await?;
    let deadline = Instant::now() + Duration::from_secs(8);
    while count(agent).await? > 0 {
        ensure!(Instant::now() < deadline, "the trail is off and drawn");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
