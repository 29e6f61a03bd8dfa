//! The same three services, on the same ports, for those who have Docker.

use std::process::Stdio;

use tokio::process::Command;

use crate::{Plan, Reporter, ServiceError};

pub(crate) async fn up(plan: &Plan, report: &dyn Reporter) -> Result<(), ServiceError> {
    let services = wanted(plan);
    if services.is_empty() {
        return Ok(());
    }
    report.say(&format!(
        "Starting {} with docker compose (compose.yaml).",
        services.join(", ")
    ));
    let mut args = vec!["up", "--detach", "--wait"];
    args.extend(services);
    compose(plan, &args).await
}

pub(crate) async fn down(plan: &Plan) -> Result<(), ServiceError> {
    compose(plan, &["stop"]).await
}

fn wanted(plan: &Plan) -> Vec<&'static str> {
    let mut services = Vec::new();
    services.extend(plan.postgres.map(|_| "postgres"));
    services.extend(plan.redis.map(|_| "redis"));
    services.extend(plan.rabbitmq.as_ref().map(|_| "rabbitmq"));
    services
}

async fn compose(plan: &Plan, args: &[&str]) -> Result<(), ServiceError> {
    let mut command = Command::new("docker");
    command
        .arg("compose")
        .arg("--file")
        .arg(plan.root.join("compose.yaml"))
        .args(args);
    command.envs(ports(plan)).stdin(Stdio::null());
    let refused = |reason: String| ServiceError::Compose { reason };
    let output = command
        .output()
        .await
        .map_err(|_| refused("the program docker is not installed".to_owned()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(refused(reason(&String::from_utf8_lossy(&output.stderr))))
}

/// The variables that `compose.yaml` reads.
fn ports(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut ports = Vec::new();
    ports.extend(
        plan.postgres
            .map(|port| ("DEV_POSTGRES_PORT", port.to_string())),
    );
    ports.extend(plan.redis.map(|port| ("DEV_REDIS_PORT", port.to_string())));
    if let Some(rabbit) = &plan.rabbitmq {
        ports.push(("DEV_RABBITMQ_PORT", rabbit.port.to_string()));
        ports.push((
            "DEV_RABBITMQ_MANAGEMENT_PORT",
            rabbit.management_port().to_string(),
        ));
        ports.push(("RABBITMQ_USER", rabbit.user.clone()));
        ports.push(("RABBITMQ_PASSWORD", rabbit.password.clone()));
    }
    ports
}

/// What different versions of docker say when `compose` is not theirs.
const NO_PLUGIN: [&str; 4] = [
    "is not a docker command",
    "unknown command",
    "unknown flag: --file",
    "docker --help",
];

fn reason(errors: &str) -> String {
    if errors.contains("Cannot connect to the Docker daemon") {
        return "Docker is installed but its daemon is not running".to_owned();
    }
    if NO_PLUGIN.iter().any(|words| errors.contains(words)) {
        return "this docker has no compose plugin".to_owned();
    }
    errors
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}
