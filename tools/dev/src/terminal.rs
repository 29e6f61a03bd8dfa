//! What a person sees: steps with progress, sentences, and the log lines of what runs.

use std::io::{self, IsTerminal as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use services::Reporter;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Without a terminal, a long step says this often how far it is.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Standard error, with spinners where somebody looks at them and plain lines elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    bars: MultiProgress,
    watched: bool,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self {
            bars: MultiProgress::new(),
            watched: io::stderr().is_terminal(),
        }
    }

    /// The log lines of the bridge and the stand-ins, and warnings of everything else.
    pub(crate) fn take_over_logs(&self) {
        let ours = [
            ("bridge", LevelFilter::INFO),
            ("sandbox", LevelFilter::INFO),
        ];
        let levels = Targets::new()
            .with_default(LevelFilter::WARN)
            .with_targets(ours);
        let terminal = self.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(self.watched)
            .with_writer(move || Lines {
                terminal: terminal.clone(),
            })
            .without_time();
        tracing_subscriber::registry()
            .with(levels)
            .with(lines)
            .init();
    }

    /// Begins a step that may take long.
    pub(crate) fn step(&self, what: &str) -> Step {
        let bar = self.watched.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            bar.set_style(
                ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.set_prefix(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.line(&format!("{what} …"));
        }
        let began = Instant::now();
        Step {
            terminal: self.clone(),
            what: what.to_owned(),
            bar,
            began,
            sign: Mutex::new(began),
        }
    }

    pub(crate) fn line(&self, line: &str) {
        if self.watched {
            // A terminal that has gone away is no reason to stop.
            let _ = self.bars.println(line);
        } else {
            eprintln!("{line}");
        }
    }

    pub(crate) fn complain(&self, line: &str) {
        self.line(line);
    }
}

impl Reporter for Terminal {
    fn say(&self, line: &str) {
        self.line(line);
    }
}

/// A step in progress. Dropped without [`Step::done`], it leaves the screen without a word.
pub(crate) struct Step {
    terminal: Terminal,
    what: String,
    bar: Option<ProgressBar>,
    began: Instant,
    sign: Mutex<Instant>,
}

impl Step {
    pub(crate) fn done(self) {
        let took = self.began.elapsed();
        self.terminal
            .line(&format!("{} — {:.1} s", self.what, took.as_secs_f32()));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Reporter for Step {
    fn say(&self, line: &str) {
        self.terminal.line(line);
    }

    fn detail(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(line.to_owned());
        } else if let Ok(mut sign) = self.sign.lock()
            && sign.elapsed() > SIGN_OF_LIFE
        {
            *sign = Instant::now();
            let so_far = self.began.elapsed().as_secs();
            self.terminal
                .line(&format!("  {} — {so_far} s so far: {line}", self.what));
        }
    }
}

/// Log lines go between the spinners, not through them.
struct Lines {
    terminal: Terminal,
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.terminal
            .line(String::from_utf8_lossy(bytes).trim_end());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
