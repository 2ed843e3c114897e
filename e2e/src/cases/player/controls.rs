//! Buttons and keys.

use super::{Player, VISIT, a_moment};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

pub(super) async fn controls(player: &Player<'_>) -> Result<()> {
    player.open_looked_through(VISIT).await?;
    player.sees("player.paused && $('.main').getAttribute('aria-label')", json!("Play")).await?;
    let begin = player.time().await?;
    player.click(".main").await?;
    player.sees("$('.main').getAttribute('aria-label')", json!("Pause")).await?;
    player.sees(&format!("player.currentTime > {begin} + 0.5"), json!(true)).await?;
    player.click(".main").await?;
    player.sees("player.paused", json!(true)).await?;
    let stopped = player.time().await?;
    a_moment().await;
    player.is_at(stopped).await.context("it stands still once it is paused")?;

    // One frame on, then back: the same page.
    player.seek(5.0).await?;
    let before: String = player.value("player.recording.stats().hash").await?;
    player.click("[data-tool=forward]").await?;
    player
        .sees(&format!("player.currentTime > 5 && player.recording.stats().hash !== {}", json!(before)), json!(true))
        .await?;
    player.click("[data-tool=back]").await?;
    player.sees("player.recording.stats().hash", json!(before)).await?;

    // At sixteen times the speed it runs sixteen times as fast: at least thrice, on a machine that has no time.
    player.seek(0.0).await?;
    player
        .get::<Value>("$('.speed').value = '16'; $('.speed').dispatchEvent(new Event('change')); return null")
        .await?;
    player.sees("player.playbackRate", json!(16)).await?;
    let measured = "const from = player.currentTime, at = performance.now(); player.play();
        await new Promise((resolve) => setTimeout(resolve, 600)); player.pause();
        return (player.currentTime - from) * 1000 / (performance.now() - at)";
    let speed: f64 = player.get(measured).await?;
    ensure!((3.0..17.0).contains(&speed), "at 16×: it ran at {speed}×");
    player.get::<Value>("player.playbackRate = 0.5; return null").await?;
    player.seek(0.0).await?;
    let speed: f64 = player.get(measured).await?;
    ensure!((0.1..0.6).contains(&speed), "at 0.5×: it ran at {speed}×");
    player.sees("$('.speed').value", json!("0.5")).await?;

    player.click("[data-tool=idle]").await?;
    player.sees("player.skipIdle && $('[data-tool=idle]').getAttribute('aria-pressed')", json!("true")).await?;
    player.click("[data-tool=trail]").await?;
    player.sees("player.trail || $('[data-tool=trail]').getAttribute('aria-pressed')", json!("false")).await?;
    for name in ["changes", "search"] {
        player.click(&format!("[data-tool={name}]")).await?;
        player.sees("[player.panel, $('.panel').hidden]", json!([name, false])).await?;
    }
    player.click("#tab-moments").await?;
    player.sees("player.panel", json!("moments")).await?;
    let (at, count): (f64, u32) =
        player.get("return [player.happened.at(-1).at / 1000, $$('#part-moments .row').length]").await?;
    ensure!(count > 3, "{count} moments are listed");
    player.click("#part-moments li:last-child .row").await?;
    player.is_at(at).await?;
    player.click(".panel-head .tool").await?;
    player.sees("$('.panel').hidden", json!(true)).await?;

    player.click("[data-tool=keys]").await?;
    player.sees("$('dialog').open", json!(true)).await?;
    player.click("dialog .tool").await?;
    player.sees("$('dialog').open", json!(false)).await?;
    player.click("[data-tool=full]").await?;
    player
        .sees(
            "document.fullscreenElement === player && $('[data-tool=full]').getAttribute('aria-pressed')",
            json!("true"),
        )
        .await?;
    player.click("[data-tool=full]").await?;
    player
        .sees(
            "document.fullscreenElement === null && $('[data-tool=full]').getAttribute('aria-pressed')",
            json!("false"),
        )
        .await?;

    // A click on the page plays, another pauses.
    player.seek(1.0).await?;
    player.click(".glass").await?;
    player.sees("player.paused", json!(false)).await?;
    player.click(".glass").await?;
    player.sees("player.paused", json!(true)).await?;

    // To the end, and from there anew.
    player.get::<Value>("player.playbackRate = 1; player.events = []; for (const name of ['play', 'pause', 'ended', 'seeked']) player.addEventListener(name, () => player.events.push(name)); return player.seek(player.duration - 0.3)").await?;
    player.click(".main").await?;
    player.sees("player.ended && player.paused && player.events", json!(["seeked", "play", "pause", "ended"])).await?;
    player.click(".main").await?;
    player.sees("!player.paused && player.currentTime < player.duration - 1", json!(true)).await
}

pub(super) async fn keys(player: &Player<'_>) -> Result<()> {
    player.open(VISIT, "").await?;
    let browser = player.browser;
    // The page has given it the focus.
    player.sees("document.activeElement === player", json!(true)).await?;
    for key in ["Space", "k"] {
        browser.key(key).await?;
        player.sees("player.paused", json!(false)).await.with_context(|| format!("{key} plays"))?;
        browser.key(key).await?;
        player.sees("player.paused", json!(true)).await.with_context(|| format!("{key} pauses"))?;
    }
    player.seek(12.0).await?;
    for (key, at) in [("ArrowRight", 17.0), ("ArrowLeft", 12.0), ("l", 22.0), ("j", 12.0), ("l", 22.0)] {
        browser.key(key).await?;
        player.is_at(at).await.with_context(|| key.to_owned())?;
    }
    let duration: f64 = player.value("player.duration").await?;
    for (key, at) in [("End", duration), ("Home", 0.0), ("5", duration / 2.0), ("9", duration * 0.9), ("0", 0.0)] {
        browser.key(key).await?;
        player.is_at(at).await.with_context(|| key.to_owned())?;
    }
    player.seek(5.0).await?;
    let first: Value = player.value("player.recording.stats()").await?;
    for (on, back) in [(false, false), (true, true)] {
        if on {
            browser.shift_and("ArrowRight").await?
        } else {
            browser.key(".").await?
        }
        player.sees(&format!("player.recording.stats().hash === {}", first["hash"]), json!(false)).await?;
        if back {
            browser.shift_and("ArrowLeft").await?
        } else {
            browser.key(",").await?
        }
        player.sees("player.recording.stats().hash", first["hash"].clone()).await?;
    }
    for (key, rate) in [(">", 2.0), (">", 4.0), ("<", 2.0), ("<", 1.0), ("<", 0.5), ("<", 0.5)] {
        browser.key(key).await?;
        player.sees(&format!("player.playbackRate === {rate}"), json!(true)).await?;
    }
    for (key, what) in [("t", "trail"), ("i", "skipIdle")] {
        let before: bool = player.value(&format!("player.{what}")).await?;
        browser.key(key).await?;
        player.sees(&format!("player.{what}"), json!(!before)).await?;
    }
    browser.key("c").await?;
    player.sees("player.panel", json!("changes")).await?;
    browser.key("c").await?;
    player.sees("player.panel", json!("")).await?;
    browser.key("f").await?;
    player.sees("document.fullscreenElement === player", json!(true)).await?;
    browser.key("f").await?;
    player.sees("document.fullscreenElement === null", json!(true)).await?;
    browser.key("?").await?;
    player.sees("$('dialog').open && $$('dialog dt').length > 10", json!(true)).await?;
    browser.key("Escape").await?;
    player.sees("$('dialog').open", json!(false)).await?;

    // A field takes its keys for itself.
    player.focus().await?;
    browser.key("/").await?;
    player.sees("player.shadowRoot.activeElement === $('[type=search]')", json!(true)).await?;
    let at = player.time().await?;
    for key in ["j", "5", "k"] {
        browser.key(key).await?;
    }
    player.sees("[$('[type=search]').value, player.paused]", json!(["j5k", true])).await?;
    player.is_at(at).await?;
    // And a button is pressed by what presses buttons.
    player.get::<Value>("$('[data-tool=trail]').focus(); return null").await?;
    let before: bool = player.value("player.trail").await?;
    browser.key("Space").await?;
    player.sees("[player.trail, player.paused]", json!([!before, true])).await?;
    // Keys elsewhere on a page are that page's.
    player.get::<Value>("const field = document.createElement('input'); field.id = 'other'; document.body.append(field); field.focus(); return null").await?;
    browser.key("j").await?;
    player.sees("document.getElementById('other').value", json!("j")).await?;
    player.is_at(at).await
}
