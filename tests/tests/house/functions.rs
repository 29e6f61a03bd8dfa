//! The functions as the source tree has them: every file in an area's `src/bin/` is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::root;

/// A function's source.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its folder under `functions/`.
    pub(crate) area: String,
    text: String,
}

impl Source {
    /// The doc line that is its identity.
    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(crate) fn is_consumer(&self) -> bool {
        self.text.contains("serve_consumer")
    }

    pub(crate) fn is_scheduled_or_invoked(&self) -> bool {
        self.text.contains("serve_scheduled") || self.is_deploy_hook()
    }

    /// Whether CloudFormation starts it, and waits for its answer.
    pub(crate) fn is_deploy_hook(&self) -> bool {
        self.text.contains("deployment::serve")
    }

    pub(crate) fn speaks_http(&self) -> bool {
        !self.is_consumer() && !self.is_scheduled_or_invoked()
    }
}

/// Every function by its name.
pub(crate) fn sources() -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    for area in entries(&root().join("functions")) {
        // A folder beside a function's file holds modules of its own.
        let files = entries(&area.join("src/bin"))
            .into_iter()
            .filter(|path| path.is_file());
        for file in files {
            let function = name(&file);
            let text = std::fs::read_to_string(&file).unwrap();
            let former = sources.insert(
                function.clone(),
                Source {
                    area: name(&area),
                    text,
                },
            );
            assert!(former.is_none(), "two functions are called {function}");
        }
    }
    assert!(!sources.is_empty(), "there are no functions");
    sources
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder);
    read.into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
