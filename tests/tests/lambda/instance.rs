//! One instance of a function, from its start to its end.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use enclosure::Enclosure;
use package::{CERTIFICATES, Deployed};
use runtime_api::{Function, Request, Response, SecretsExtension, Spawn};
use serde_json::Value;
use shop_tests::Vhost;
use stage::Stage;

use crate::certified::CertifiedDatabase;
use crate::code::{Code, Task};
use crate::measured::{Row, Table};
use crate::surroundings::{Values, variables};

/// Longer than what a function trusts a connection for without asking.
const FROZEN: Duration = Duration::from_secs(2);

/// A function about to be started.
pub(crate) struct Lambda {
    deployed: Deployed,
    code: Arc<Code>,
    table: Arc<Table>,
    enclosed: bool,
}

impl Lambda {
    pub(crate) fn new(
        deployed: Deployed,
        code: Arc<Code>,
        table: Arc<Table>,
        enclosed: bool,
    ) -> Self {
        Self {
            deployed,
            code,
            table,
            enclosed,
        }
    }

    /// Starts it on a stage.
    pub(crate) async fn start(self, stage: &Stage) -> Instance {
        self.start_with(stage, None).await
    }

    /// Starts it on a stage, with a virtual host of the broker.
    pub(crate) async fn start_with(self, stage: &Stage, vhost: Option<&Vhost>) -> Instance {
        let task = self.code.lay_out(&self.deployed.name);
        let root = if self.enclosed {
            Path::new("/var/task")
        } else {
            &task.folder
        };
        let database = CertifiedDatabase::before(stage, root.join(CERTIFICATES)).await;
        let values = Values::of(stage, &self.deployed.name, vhost);
        let (variables, extension) = variables(&self.deployed, &values, &database);
        // As the package has AWS's own.
        fs::write(task.folder.join(CERTIFICATES), &database.authority).expect("a file");
        let enclosure = self.enclosed.then(|| {
            Enclosure::around(&task.folder, self.deployed.memory_mb).expect("an enclosure")
        });
        let mut spawn = Spawn::new(task.folder.join("bootstrap"))
            .memory_mb(self.deployed.memory_mb)
            .timeout(Duration::from_secs(
                self.deployed.timeout_seconds.min(LONGEST),
            ))
            .envs(&variables);
        if let Some(enclosure) = &enclosure {
            spawn = spawn.through(enclosure.launcher().expect("a launcher"));
        }
        let began = SystemTime::now();
        let function = spawn.start();
        let ready = function.ready_time().await;
        // Without what the launcher needed to make the surroundings.
        let entered = enclosure.as_ref().and_then(Enclosure::entered);
        let launched = entered.and_then(|entered| entered.duration_since(began).ok());
        let started = ready.saturating_sub(launched.unwrap_or_default());
        let instance = Instance {
            function,
            lambda: self,
            variables,
            started,
            first: None,
            last: Duration::ZERO,
            task,
            _extension: extension,
            database,
            enclosure,
        };
        instance.assert_surrounded();
        instance
    }
}

/// The relay publishes until eight seconds before its time is over: of that, two here.
const LONGEST: u64 = 10;

/// A running function. [`Instance::end`] is its last word.
pub(crate) struct Instance {
    pub(crate) function: Function,
    lambda: Lambda,
    variables: Vec<(String, String)>,
    started: Duration,
    first: Option<Duration>,
    last: Duration,
    task: Task,
    _extension: SecretsExtension,
    database: CertifiedDatabase,
    // After the function: its group goes when nobody is in it.
    enclosure: Option<Enclosure>,
}

impl Instance {
    /// Sends a request, and notes how long its answer took.
    pub(crate) async fn send(&mut self, request: Request) -> Response {
        let began = Instant::now();
        let answer = self.function.send(request).await;
        self.took(began.elapsed());
        answer
    }

    /// Hands it an event that it must answer without an error.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Value {
        let began = Instant::now();
        let answer = self.function.invoke(event).await;
        self.took(began.elapsed());
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.function.logs().join("\n")))
    }

    /// The authority that it trusts the database's certificate by, from now on.
    pub(crate) fn trust(&self, authority: &str) {
        fs::write(self.task.folder.join(CERTIFICATES), authority).expect("a file");
    }

    /// The authority that the database's certificate is of.
    pub(crate) fn authority(&self) -> &str {
        &self.database.authority
    }

    /// Freezes it for a while, as Lambda does between invocations.
    pub(crate) async fn freeze(&self) {
        self.function.pause();
        tokio::time::sleep(FROZEN).await;
        self.function.resume();
    }

    fn took(&mut self, time: Duration) {
        self.first.get_or_insert(time);
        self.last = time;
    }

    /// Its process is Lambda's user, sees exactly what it was given, and lies where it should.
    fn assert_surrounded(&self) {
        let environment = self.proc("environ");
        let given: BTreeSet<&str> = environment.split('\0').filter(|v| !v.is_empty()).collect();
        let names = given
            .iter()
            .filter_map(|pair| Some(pair.split_once('=')?.0));
        let names: BTreeSet<&str> = names.collect();
        assert!(
            !names.contains("HOME") && !names.contains("USER"),
            "{names:?}"
        );
        for (name, value) in &self.variables {
            assert!(
                given.contains(format!("{name}={value}").as_str()),
                "{name} is not as given"
            );
        }
        let of_the_template = self.variables.iter().map(|(name, _)| name.as_str());
        let strange = names.iter().filter(|name| !name.starts_with("AWS_"));
        let known: BTreeSet<&str> = of_the_template.chain(OF_THE_RUNTIME).collect();
        let strange: Vec<_> = strange.filter(|name| !known.contains(*name)).collect();
        assert!(strange.is_empty(), "{strange:?} are nobody's");
        if self.enclosure.is_some() {
            let user = format!("Uid:\t{}", enclosure::USER);
            let status = self.proc("status");
            assert!(
                status.contains("NoNewPrivs:\t1") && status.contains("CapEff:\t0000000000000000")
            );
            assert!(
                status.contains(&user) || !nix::unistd::geteuid().is_root(),
                "{status}"
            );
        }
    }

    /// Looks at what it leaves behind, and tells the table.
    pub(crate) fn end(self) {
        assert!(self.function.is_alive(), "it has ended");
        if self.enclosure.is_some() {
            let written = fs::read_dir(format!("/proc/{}/root/tmp", self.function.process_id()));
            let written: Vec<_> = written
                .expect("its /tmp")
                .flatten()
                .map(|e| e.file_name())
                .collect();
            assert!(
                written.is_empty(),
                "it wrote {written:?} into /tmp, and does not say why"
            );
        }
        let status = self.proc("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        self.lambda.table.add(Row {
            function: self.lambda.deployed.name.clone(),
            zip: self.task.zip,
            started: self.started,
            first: self.first.expect("it was asked"),
            again: self.last,
            memory: peak.expect("how much memory it had at most") << 10,
            limit_mb: self.lambda.deployed.memory_mb,
            limited_by: self.enclosure.as_ref().map(|one| one.memory().to_string()),
        });
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.function.process_id());
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What `runtime_api` gives every function, as Lambda does; the rest begins with `AWS_`.
const OF_THE_RUNTIME: [&str; 6] = [
    "LAMBDA_TASK_ROOT",
    "LANG",
    "PATH",
    "TZ",
    "_HANDLER",
    "LLVM_PROFILE_FILE",
];
