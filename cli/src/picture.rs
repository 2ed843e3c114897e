//! A page as a picture, by a browser that is there.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Browsers that draw a page without a window, as their programs are called.
const BROWSERS: [(&str, Kind); 8] = [
    ("chromium", Kind::Chromium),
    ("chromium-browser", Kind::Chromium),
    ("google-chrome", Kind::Chromium),
    ("google-chrome-stable", Kind::Chromium),
    ("chrome", Kind::Chromium),
    ("microsoft-edge", Kind::Chromium),
    ("firefox", Kind::Firefox),
    ("firefox-esr", Kind::Firefox),
];

/// No page takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chromium,
    Firefox,
}

/// The browser that was asked for, or the first one on the path.
fn browser(wanted: Option<&Path>) -> Result<(PathBuf, Kind), String> {
    if let Some(wanted) = wanted {
        let is_firefox = wanted.file_name().is_some_and(|name| name.to_string_lossy().contains("firefox"));
        return Ok((wanted.to_owned(), if is_firefox { Kind::Firefox } else { Kind::Chromium }));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    for (name, kind) in BROWSERS {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        if let Some(found) = folders.iter().map(|folder| folder.join(&file)).find(|program| program.is_file()) {
            return Ok((found, kind));
        }
    }
    let names = BROWSERS.map(|(name, _)| name).join(", ");
    Err(format!("--png needs a browser, and none of {names} is on the PATH; --browser names one"))
}

/// Chromium as root does not start inside of its sandbox. What it is given runs nothing.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
    }
    #[cfg(not(unix))]
    false
}

/// Draws a page of HTML in a viewport of this size.
pub(crate) fn draw(html: &str, viewport: &str, wanted: Option<&Path>, out: &Path) -> Result<(), String> {
    let (program, kind) = browser(wanted)?;
    let folder = env::temp_dir().join(format!("cobrowse-picture-{}", std::process::id()));
    let drawn = draw_in(&folder, html, viewport, &program, kind, out);
    let _ = fs::remove_dir_all(&folder);
    drawn.map_err(|error| format!("{}: {error}", program.display()))
}

fn draw_in(folder: &Path, html: &str, viewport: &str, program: &Path, kind: Kind, out: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("profile"))?;
    let page = folder.join("page.html");
    // Files have no header that would say it.
    fs::write(&page, ["\u{feff}", html].concat())?;
    let picture = folder.join("picture.png");
    let size = viewport.split_once('x').and_then(|(width, height)| Some((whole(width)?, whole(height)?)));
    let (width, height) = size.unwrap_or((1280, 800));
    let mut command = Command::new(program);
    match kind {
        Kind::Chromium => {
            command.args([
                "--headless",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--virtual-time-budget=10000",
            ]);
            if is_root() {
                command.arg("--no-sandbox");
            }
            command
                .arg(format!("--user-data-dir={}", folder.join("profile").display()))
                .arg(format!("--window-size={width},{height}"))
                .arg(format!("--screenshot={}", picture.display()));
        }
        Kind::Firefox => {
            command.args(["--headless", "--no-remote", "--profile"]).arg(folder.join("profile"));
            command.arg(format!("--window-size={width},{height}")).arg("--screenshot").arg(&picture);
        }
    }
    command.arg(format!("file://{}", page.display())).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    let ended = wait(command.spawn()?)?;
    if !picture.is_file() {
        return Err(io::Error::other(format!("it has drawn nothing and ended with {ended}")));
    }
    fs::copy(&picture, out).map(drop)
}

fn whole(text: &str) -> Option<u32> {
    text.split('.').next()?.parse().ok().filter(|size| (1..=16_384).contains(size))
}

fn wait(mut child: Child) -> io::Result<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.to_string());
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("it was not done within {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
