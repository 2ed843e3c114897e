//! Where recordings come from, and what is wrong with some.

use super::{NAMES, Player, VISIT, a_moment};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

pub(super) async fn disk(player: &Player<'_>) -> Result<()> {
    let browser = player.browser;
    let page = player.bench.dist_folder().join("player.html");
    let page = tokio::fs::canonicalize(&page).await?;
    browser.goto(&format!("file://{}", page.display())).await?;
    player.sees("$('.opener h2').textContent", json!("Open a recording")).await?;
    let file = tokio::fs::canonicalize(player.bench.recording(VISIT)).await?;
    browser
        .choose_file("return document.querySelector('cobrowse-player').shadowRoot.querySelector('[type=file]')", &file)
        .await?;
    player.sees("player.isReady && player.document.title !== '' && $('.name').textContent", json!(VISIT)).await?;
    player.seek(5.0).await?;
    player.click(".main").await?;
    player.sees("player.currentTime > 5.3", json!(true)).await?;
    // A file that is dropped on it takes the place of the one before.
    let drop = "const bytes = new Uint8Array([...'cobrowse?'].map((letter) => letter.charCodeAt(0)));
        const data = new DataTransfer(); data.items.add(new File([bytes], 'dropped.cbr'));
        for (const name of ['dragenter', 'dragover', 'drop']) {
          player.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true, composed: true }));
          if (name === 'dragover' && !player.hasAttribute('data-over')) return false;
        }
        return !player.hasAttribute('data-over')";
    ensure!(player.get::<bool>(drop).await?, "what is dragged over it is shown");
    player
        .sees("$('.opener h2').textContent", json!("“dropped.cbr” has a version that this player does not know"))
        .await?;
    // By an address no page from the disk reads another file: that is said.
    browser.goto(&format!("file://{}?src=visit.cbr", page.display())).await?;
    player.sees("/from the disk/.test($('.failure').textContent)", json!(true)).await
}

pub(super) async fn policy(player: &Player<'_>) -> Result<()> {
    let address = player.bench.page(&format!("/player/player.html?src=/recordings/{VISIT}"));
    player.browser.goto(&address).await?;
    let watch = "window.violations = []; new ReportingObserver((reports) => {
        for (const { body } of reports) window.violations.push(`${body.effectiveDirective} ${body.blockedURL ?? ''} ${body.sourceFile ?? ''}`);
      }, { types: ['csp-violation'], buffered: true }).observe(); return null";
    player.get::<Value>(watch).await?;
    player.sees("player.isReady", json!(true)).await?;
    // All that the player makes by itself.
    player.sees("$$('.flag').length > 0", json!(true)).await?;
    player.seek(9.0).await?;
    player.get::<Value>("player.panel = 'changes'; return player.search('oval').then(() => null)").await?;
    let (x, y) = player.place(0.4).await?;
    player.browser.move_to(x, y).await?;
    player.sees("$('.small-page').dataset.at > 0", json!(true)).await?;
    player.click("[data-tool=keys]").await?;
    player.sees("$('dialog').open", json!(true)).await?;
    player.browser.key("Escape").await?;
    a_moment().await;
    let told: Vec<String> = player.value("window.violations").await?;
    ensure!(told.is_empty(), "the policy was broken: {told:?}");
    // Its looks live, too.
    player.sees("getComputedStyle($('.head')).backgroundColor", json!("rgb(20, 33, 61)")).await?;
    player.sees("player.document.body.querySelectorAll('*').length > 20", json!(true)).await
}

pub(super) async fn link(player: &Player<'_>) -> Result<()> {
    for (hash, at) in [("#t=12.5", 12.5), ("#t=0m9s", 9.0), ("#t=0:07", 7.0), ("&t=6s", 6.0)] {
        player.open(VISIT, hash).await?;
        player.is_at(at).await.with_context(|| hash.to_owned())?;
    }
    player.seek(8.25).await?;
    player.click("[data-tool=link]").await?;
    player.sees("new URLSearchParams(location.hash.slice(1)).get('t')", json!("8.25")).await?;
    player.sees("$('.skipped').textContent", json!("The link is in the address")).await?;
    player.browser.reload().await?;
    player.sees("player.isReady", json!(true)).await?;
    player.is_at(8.25).await.context("the link leads to its moment")?;
    player.get::<Value>("location.hash = '#t=3'; return null").await?;
    player.is_at(3.0).await
}

pub(super) async fn damaged(player: &Player<'_>) -> Result<()> {
    let bytes = tokio::fs::read(player.bench.recording(VISIT)).await?;
    let open = async |name: &str, bytes: &[u8]| -> Result<()> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let body = format!(
            "{NAMES}const text = atob(arguments[0]);
             player.open(new File([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], arguments[1])).catch(() => undefined); return null"
        );
        player.browser.eval::<Value>(&body, vec![json!(BASE64_STANDARD.encode(bytes)), json!(name)]).await.map(drop)
    };
    player.open(VISIT, "").await?;
    let cases: [(&str, &[u8], &str, &str); 4] = [
        ("notes.txt", b"nothing of the kind", "“notes.txt” is not a recording", "byte 0"),
        ("empty.cbr", b"", "“empty.cbr” is empty", "0 bytes"),
        ("later.cbr", b"cobrowse\x09 and so on", "“later.cbr” has a version that this player does not know", "byte 8"),
        ("short.cbr", &bytes[..40], "“short.cbr” is damaged before its first page", "byte "),
    ];
    for (name, bytes, title, detail) in cases {
        open(name, bytes).await?;
        player.sees("$('.opener h2').textContent", json!(title)).await?;
        let told: String = player.value("$('.failure').textContent").await?;
        ensure!(told.contains(detail), "{name}: it says {told:?}");
        ensure!(!player.value::<bool>("$('.opener').hidden || player.isReady").await?, "{name}: another may be chosen");
    }
    // Cut off, it plays up to there, and says so.
    open("cut.cbr", &bytes[..bytes.len() * 2 / 3]).await?;
    player.sees("player.isReady", json!(true)).await?;
    player.sees("$('.warning').hidden || $('.cut').hidden", json!(false)).await?;
    let told: String = player.value("$('.warning p').textContent").await?;
    let offset: u64 = player.value("player.recording.problem.offset").await?;
    ensure!(told.contains(&format!("byte {offset}")) && told.contains("plays up to"), "it says {told:?}");
    player.get::<Value>("player.playbackRate = 16; return null").await?;
    player.seek(1.0).await?;
    player.click(".warning .tool").await?;
    player.sees("$('.warning').hidden", json!(true)).await.context("the message is closed")?;
    player.click(".main").await?;
    player.sees("player.ended", json!(true)).await.context("up to there it plays")?;

    // A byte is another in the middle of the file: what is before it plays, that place says where it is damaged.
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    open("flipped.cbr", &flipped).await?;
    player.sees("player.isReady || $('.failure').textContent", json!(true)).await?;
    player.get::<Value>("for (let share = 0; share <= 1; share += 0.05) { await player.seek(player.duration * share); if (player.error) break; } return null").await?;
    let (error, warned): (Option<String>, String) = player
        .get("return [player.error?.message ?? player.recording.problem?.message ?? null, $('.warning p').textContent]")
        .await?;
    let error = error.context("a byte that is another goes unnoticed")?;
    ensure!(error.contains("byte ") && warned.contains("Byte "), "it says {error:?}, and shows {warned:?}");
    player.seek(0.0).await?;
    player.sees("player.document.body.querySelectorAll('*').length > 20", json!(true)).await?;

    // Addresses: not there, not allowed, not fetched by any page.
    let addresses = [
        ("/recordings/no-such.cbr", "could not be fetched", "404"),
        ("javascript:alert(1)", "could not be opened", "expected an address"),
        ("http://127.0.0.1:9/x.cbr", "could not be fetched", "CORS"),
    ];
    for (address, title, detail) in addresses {
        player.browser.goto(&player.bench.page("/pages/blank.html")).await?;
        let page = url::Url::parse_with_params(&player.bench.page("/dist/player.html"), [("src", address)])?;
        player.browser.goto(page.as_str()).await?;
        player
            .sees(&format!("$('.opener h2').textContent.includes({})", json!(title)), json!(true))
            .await
            .with_context(|| address.to_owned())?;
        let told: String = player.value("$('.failure').textContent").await?;
        ensure!(told.contains(detail), "{address}: it says {told:?}");
    }
    Ok(())
}
