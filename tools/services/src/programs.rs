//! Where the servers' programs are; what is missing is installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;
use crate::{Plan, Reporter, ServiceError, apt};

/// The programs, by path; `None` for a service that is not to be run.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// Postgres' `bin` folder, with `initdb` and `postgres`.
    pub(crate) postgres: Option<PathBuf>,
    pub(crate) redis: Option<PathBuf>,
    /// The plain `rabbitmq-server` script: Debian's wrapper in `/usr/sbin` insists on root.
    pub(crate) rabbitmq: Option<PathBuf>,
    pub(crate) epmd: Option<PathBuf>,
}

/// A service's package, for those who must install it.
struct Missing {
    name: &'static str,
    package: &'static str,
}

impl Programs {
    pub(crate) async fn find_or_install(
        plan: &Plan,
        place: &Place,
        report: &dyn Reporter,
    ) -> Result<Self, ServiceError> {
        let programs = Self::find(plan);
        let missing = programs.missing(plan);
        if missing.is_empty() {
            return Ok(programs);
        }
        let names = missing
            .iter()
            .map(|m| m.name)
            .collect::<Vec<_>>()
            .join(", ");
        let packages: Vec<_> = missing.iter().map(|m| m.package).collect();
        apt::install(&names, &packages, place, report).await?;
        let programs = Self::find(plan);
        if programs.missing(plan).is_empty() {
            Ok(programs)
        } else {
            let why = "the installed packages do not hold it where it was looked for";
            Err(ServiceError::Missing {
                missing: names,
                why,
            })
        }
    }

    fn find(plan: &Plan) -> Self {
        let rabbitmq = plan.rabbitmq.as_ref();
        Self {
            postgres: plan.postgres.and_then(|_| postgres_folder()),
            redis: plan.redis.and_then(|_| on_path("redis-server")),
            rabbitmq: rabbitmq.and_then(|_| rabbitmq_script()),
            epmd: rabbitmq.and_then(|_| epmd()),
        }
    }

    fn missing(&self, plan: &Plan) -> Vec<Missing> {
        let mut missing = Vec::new();
        if plan.postgres.is_some() && self.postgres.is_none() {
            missing.push(Missing {
                name: "Postgres 15 or newer",
                package: "postgresql",
            });
        }
        if plan.redis.is_some() && self.redis.is_none() {
            missing.push(Missing {
                name: "Redis",
                package: "redis-server",
            });
        }
        if plan.rabbitmq.is_some() && (self.rabbitmq.is_none() || self.epmd.is_none()) {
            missing.push(Missing {
                name: "RabbitMQ",
                package: "rabbitmq-server",
            });
        }
        missing
    }
}

/// Debian keeps each Postgres version's servers outside the search path; the newest one wins.
fn postgres_folder() -> Option<PathBuf> {
    let debian = children("/usr/lib/postgresql")
        .filter_map(|folder| {
            Some((
                version_in(folder.file_name()?.to_str()?)?,
                folder.join("bin"),
            ))
        })
        .filter(|(version, folder)| *version >= 15 && folder.join("postgres").exists())
        .max();
    debian.map(|(_, folder)| folder).or_else(postgres_on_path)
}

fn postgres_on_path() -> Option<PathBuf> {
    let postgres = fs::canonicalize(on_path("postgres")?).ok()?;
    let output = std::process::Command::new(&postgres)
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().find_map(version_in)?;
    (version >= 15).then(|| postgres.parent().map(Path::to_owned))?
}

fn version_in(word: &str) -> Option<u32> {
    word.split('.').next()?.parse().ok()
}

fn rabbitmq_script() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if debian.exists() {
        Some(debian)
    } else {
        on_path("rabbitmq-server")
    }
}

fn epmd() -> Option<PathBuf> {
    on_path("epmd").or_else(|| {
        children("/usr/lib/erlang")
            .filter(|folder| folder.to_string_lossy().contains("/erts-"))
            .map(|folder| folder.join("bin/epmd"))
            .find(|program| program.exists())
    })
}

fn children(folder: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
}

/// Looks also where administrators' programs are, which ordinary users rarely have on their path.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the search path is no setting of the shop"
    )]
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
