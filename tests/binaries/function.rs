//! A function's program as a process. It ends with the test, also with one that is killed:
//! then its Runtime API is gone.

use std::{
    env,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::runtime_api::{Report, RuntimeApi};

/// Longer than any function takes to answer or to end, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Variables of a function's environment.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// A running function.
pub(crate) struct Function {
    stem: String,
    process: Child,
    api: RuntimeApi,
}

impl Function {
    /// Starts the function of this stem.
    pub(crate) async fn start(stem: &str, environment: &Environment) -> Self {
        let api = RuntimeApi::start().await;
        let process = command(stem, environment, &api.address).spawn();
        let process = process.unwrap_or_else(|error| {
            panic!("{}: {error}: `cargo build --workspace --bins` first", program(stem).display())
        });
        Self { stem: stem.to_owned(), process, api }
    }

    /// What it answers to an event.
    pub(crate) async fn invoke(&mut self, event: Value) -> Value {
        tokio::select! {
            report = self.api.invoke(event) => match report {
                Report::Answered(answer) => answer,
                Report::Failed(reason) => panic!("{}: {reason}", self.stem),
            },
            ended = self.process.wait() => panic!("{} ended: {ended:?}", self.stem),
            () = after(PATIENCE) => panic!("{} does not answer", self.stem),
        }
    }
}

async fn after(time: Duration) {
    let _elapsed = timeout(time, std::future::pending::<()>()).await;
}

/// What a function says until it has ended by itself.
pub(crate) async fn output(stem: &str, environment: &Environment, runtime_api: &str) -> Output {
    let mut command = command(stem, environment, runtime_api);
    let child = command.stdout(Stdio::piped()).spawn().expect("a program");
    let ended = timeout(PATIENCE, child.wait_with_output()).await;
    ended.expect("an end").expect("an output")
}

fn command(stem: &str, environment: &Environment, runtime_api: &str) -> Command {
    let mut command = Command::new(program(stem));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", stem)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Beside the directory of this test's own program.
fn program(stem: &str) -> PathBuf {
    let own = env::current_exe().expect("the path of this program");
    let directory = own.parent().and_then(|deps| deps.parent()).expect("a target directory");
    directory.join(format!("{stem}{}", env::consts::EXE_SUFFIX))
}
