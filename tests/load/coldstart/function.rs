//! A function's program, what it is asked, and the environment that it runs in.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use edge::boot;
use serde_json::{Value, json};

use crate::{HELLO, market::Running, tls::Authority};

/// What stands in the sample events where a token belongs.
const PLACEHOLDER: &str = "ACCESS_TOKEN";
/// Whom the sample events are of, where they name somebody.
const SAMPLE_USERS: [&str; 2] =
    ["usr_01hf8z8x5m8q9v2w3c4d5e6f7g", "usr_01hf8z8x5m8q9v2w3c4d5e6f7h"];
const SAMPLE_WALLET: &str = "wal_01hf8z8x5m8q9v2w3c4d5e6f7g_USD";

/// Variables of a function's environment.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// A function that is measured.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Its name.
    pub(crate) stem: String,
    /// Where its program is.
    pub(crate) program: PathBuf,
    /// Its sample event, as a text.
    event: String,
}

impl Subject {
    pub(crate) fn new(stem: String, programs: &Path) -> Self {
        let program = programs.join(format!("{stem}{}", env::consts::EXE_SUFFIX));
        assert!(program.exists(), "{}: not there; `.ci/coldstart.sh` builds it", program.display());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let sample = if stem == HELLO { "health" } else { &stem };
        let path = root.join(format!("events/{sample}.json"));
        let event = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { stem, program, event }
    }

    /// The size of its program, in bytes.
    pub(crate) fn size(&self) -> u64 {
        fs::metadata(&self.program).expect("a program").len()
    }

    /// An event of the buyer's in this market. No two are of one idempotency key.
    pub(crate) fn event(&self, market: &Running, number: usize) -> Value {
        let [buyer, seller] = [&market.buyer, &market.seller].map(|user| user.id.to_string());
        let wallet = format!("wal_{}_USD", buyer.strip_prefix("usr_").unwrap_or_default());
        let text = self
            .event
            .replace(PLACEHOLDER, &market.token(&market.buyer))
            .replace(SAMPLE_USERS[0], &buyer)
            .replace(SAMPLE_USERS[1], &seller)
            .replace(SAMPLE_WALLET, &wallet);
        let mut event: Value = serde_json::from_str(&text).expect("an event");
        if let Some(key) = event.pointer_mut("/headers/idempotency-key") {
            *key = json!(format!("cold-start-{number}"));
        }
        event
    }

    /// Starts it. It writes its log into nothing.
    pub(crate) fn start(&self, environment: &Environment, runtime_api: &str) -> Child {
        Command::new(&self.program)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.stem)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("a program")
    }
}

/// The environment of functions on this market, whose DynamoDB is at this address if it is not at
/// its own. What may be trusted stands in the authority's file.
pub(crate) fn environment(market: &Running, guarded: Option<(&str, &Authority)>) -> Environment {
    let mut environment = market.environment();
    if let Some((endpoint, authority)) = guarded {
        environment.retain(|(name, _)| *name != boot::DYNAMODB_ENDPOINT);
        environment.push((boot::DYNAMODB_ENDPOINT, endpoint.to_owned()));
        environment.push(("SSL_CERT_FILE", authority.bundle().display().to_string()));
    }
    environment
}
