//! A Valkey or Redis server as a child process that keeps nothing, on a free port of this
//! machine. Without a server to start, a test fails and says what to install.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// A port can be taken between finding it free and listening on it.
const STARTS_MAX: usize = 5;
/// How long a server may take to say something in its log.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who may do everything, for a server with users.
pub(crate) const OPERATOR: &str = "operator on nopass ~* &* +@all";
/// Where the operator is let in, in the server's directory.
pub(crate) const OPERATORS_SOCKET: &str = "operator.sock";

/// A running server. It ends with this value.
pub(crate) struct Server {
    child: Child,
    log: Receiver<String>,
    port: u16,
    options: Vec<String>,
    directory: TempDir,
}

impl Server {
    /// A server without TLS, users or passwords.
    pub(crate) fn start() -> Self {
        Self::start_with(&|port, _| vec!["--port".to_owned(), port.to_string()])
    }

    /// A server with options made from its port and its directory.
    pub(crate) fn start_with(options: &dyn Fn(u16, &Path) -> Vec<String>) -> Self {
        for _ in 0..STARTS_MAX {
            let directory = tempfile::tempdir().expect("a directory");
            let port = free_port();
            let options = options(port, directory.path());
            if let Some((child, log)) = spawn(&options, directory.path()) {
                return Self { child, log, port, options, directory };
            }
        }
        panic!("the server did not start on any of {STARTS_MAX} ports");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it without a farewell.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ended");
    }

    /// Starts it again, empty, on the same port.
    pub(crate) fn restart(&mut self) {
        let spawned = spawn(&self.options, self.directory.path());
        (self.child, self.log) = spawned.expect("its port is free again");
    }

    /// Stops it: connections open, but nothing answers.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// What the server answers to a command; nothing for a missing value.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        exchange(&mut BufReader::new(stream), words)
    }

    /// The same to the operator of a server with users.
    pub(crate) fn operate(&self, words: &[&str]) -> String {
        let stream = UnixStream::connect(self.directory().join(OPERATORS_SOCKET));
        let mut stream = BufReader::new(stream.expect("it listens"));
        assert_eq!(exchange(&mut stream, &["AUTH", "operator", "any"]), "OK");
        exchange(&mut stream, words)
    }

    /// Waits until the server's log says this.
    pub(crate) fn says(&self, text: &str) {
        while !self.log.recv_timeout(PATIENCE).expect(text).contains(text) {}
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(status.success(), "{kill}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed by its test already.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn exchange(stream: &mut BufReader<impl Read + Write>, words: &[&str]) -> String {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.get_mut().write_all(request.as_bytes()).expect("it reads");
    let mut line = String::new();
    stream.read_line(&mut line).expect("it answers");
    let line = line.trim_end();
    let Some(length) = line.strip_prefix('$') else {
        return line.trim_start_matches([':', '+']).to_owned();
    };
    let mut text = vec![0; length.parse().unwrap_or(0)];
    stream.read_exact(&mut text).expect("all of it");
    String::from_utf8(text).expect("UTF-8")
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// The names to try: what the environment says, or else what the packages install.
fn binaries() -> Vec<OsString> {
    #[expect(clippy::disallowed_methods, reason = "only a test's machine says where a server is")]
    let named = std::env::var_os("VALKEY_SERVER");
    named.map_or_else(|| vec!["valkey-server".into(), "redis-server".into()], |name| vec![name])
}

/// A server that is ready; nothing if it ended at once.
fn spawn(options: &[String], directory: &Path) -> Option<(Child, Receiver<String>)> {
    let mut child = binaries().iter().find_map(|binary| launch(binary, options, directory)).expect(
        "a server to test with: install `valkey-server` or `redis-server`, or name one in \
         VALKEY_SERVER",
    );
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let (sender, log) = channel();
    // Its log must be read on, or else the server waits for us; also if nobody listens to it.
    thread::spawn(move || {
        lines.map_while(Result::ok).for_each(|line| sender.send(line).unwrap_or_default());
    });
    if !log.iter().any(|line| line.contains("Ready to accept")) {
        child.wait().expect("it ended");
        return None;
    }
    Some((child, log))
}

fn launch(binary: &OsString, options: &[String], directory: &Path) -> Option<Child> {
    let spawned = Command::new(binary)
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--logfile", ""])
        .args(options)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    match spawned {
        Ok(child) => Some(child),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{}: {error}", binary.display()),
    }
}
