//! From options to a running market: storage, secret, tables, seed, socket.
//! What a command line says about it, and where its report is printed, is not known here.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use app::{
    ports::{Clock, DeadLetters, Store},
    rate_cache::SharedCache,
};
use aws_sdk_dynamodb::Client;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use dynamo::{DynamoStore, Streams, TableNames, create_missing_tables, schema::TABLES};
use edge::{
    auth::{access_token::AccessTokens, keys::Secrets},
    boot::Parts,
    context::Context,
    function::handle_stream_event,
    router::Router,
    sockets::Gateway,
    system::SystemClock,
    valkey::ValkeyCache,
    venues::{
        NoVenues,
        feed::{NoFeeds, WebSocketFeeds},
        http_connector::HttpVenueConnector,
    },
    webhook_sender::HttpWebhookSender,
};
use ring::hmac;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    task::JoinSet,
};
use venue_simulator::server::Simulator;

use crate::{
    backfill::backfill,
    data_dir::{DataDir, new_secret},
    doorbell::{Answering, doorbell},
    embedded::EmbeddedDynamo,
    endpoint::EndpointDynamo,
    failures::{FailureFile, FailureLog},
    options::{Options, StartError, Storage},
    queues::{Queues, answer, deliver, place, queues, recall},
    report::Report,
    schedules,
    seed::{Admin, seed},
    serve::{Served, serve},
    sockets::{LocalGateway, Open, sockets},
    streams::{self, Checkpoints, Deliver, Followers, Mapping, Source, create_checkpoints},
    venue,
};

/// What the tables' names begin with.
const TABLE_PREFIX: &str = "market";
/// Issuer and audience of access tokens: the same on every port, so that a token outlives a
/// restart on another one.
const ISSUER: &str = "http://localhost/multiverse-market";
/// How often rows whose time has passed are swept.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// What the kernel keeps for a client that does not read; it doubles it. What is kept there is
/// pressed no more, and by itself the kernel would keep megabytes.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
/// How many clients may wait to be let in.
const BACKLOG: u32 = 1024;
/// How long requests that are under way may take to end: longer than any of them may.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// A market that serves requests until it is shut down or dropped.
pub struct RunningMarket {
    report: Report,
    served: Arc<Served>,
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
    open: Open,
    answering: Answering,
    delivering: JoinSet<()>,
    placing: JoinSet<()>,
    simulator: Option<Simulator>,
    followers: Option<Followers>,
    schedules: JoinSet<()>,
    sweeper: JoinSet<()>,
    data_dir: Option<DataDir>,
}

impl RunningMarket {
    /// The address, as in `http://localhost:8000`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.report.url
    }

    /// What the market says of itself at its start.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What its endpoints work with.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.served.context
    }

    /// Remembers that the report was delivered: no later one shows the admin's password.
    ///
    /// # Errors
    /// The data directory's.
    pub fn report_delivered(&self) -> io::Result<()> {
        self.data_dir.as_ref().map_or(Ok(()), DataDir::reported)
    }

    /// Closes connections, takes no more requests, and ends when those under way are answered, or
    /// after 10 s; when what is being matched is committed, or after 10 s more; and when what
    /// functions were handed from streams is handled, or after 10 s more.
    pub async fn shutdown(mut self) {
        // A server that has failed listens to nobody, which is as good.
        let _told = self.stop.send(());
        self.open.shutdown().await;
        let finished = tokio::time::timeout(SHUTDOWN_LIMIT, self.server.join_next()).await;
        if finished.is_err() {
            tracing::warn!("stopped before all requests were answered");
        }
        self.server.shutdown().await;
        let matched = tokio::time::timeout(SHUTDOWN_LIMIT, self.answering.shutdown()).await;
        if matched.is_err() {
            tracing::warn!("stopped before all orders were matched");
        }
        if let Some(followers) = self.followers {
            let followed = tokio::time::timeout(SHUTDOWN_LIMIT, followers.shutdown()).await;
            if followed.is_err() {
                tracing::warn!("stopped before functions had handled what they were handed");
            }
        }
        self.delivering.shutdown().await;
        self.placing.shutdown().await;
        self.schedules.shutdown().await;
        self.sweeper.shutdown().await;
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
        }
    }
}

/// What lasts, opened.
struct Opened {
    store: Arc<dyn Store>,
    secret: String,
    /// Whose streams are followed, if anybody's are.
    source: Option<Source>,
    /// Why they are not.
    not_followed: Option<String>,
    data_dir: Option<DataDir>,
}

/// Starts a market on the current runtime.
///
/// # Errors
/// [`StartError`], before anything is served.
pub async fn start(options: Options) -> Result<RunningMarket, StartError> {
    let router = Router::new(functions::ENDPOINTS)?;
    let listener = listen(options.listen, options.port)?;
    let port = listener.local_addr().map_or(options.port, |address| address.port());
    let opened = open(&options).await?;
    let (bell, rings) = doorbell();
    let gateway = Arc::new(LocalGateway::default());
    let (queues, deliveries, placements) = queues(bell);
    let door = Arc::clone(&gateway) as Arc<dyn Gateway>;
    let context = context(&options, &opened, queues, door)?;
    let mut report = report_of(port, &options, &opened);
    if let Some(source) = &opened.source {
        follow_from_the_beginning(source, &context).await?;
    }
    if options.seed {
        let password = admin_password(&opened.secret);
        let seeded = seed(&context.market, &password).await?;
        let shown = shows_password(&context, &opened, &seeded.admin, &password).await;
        report = report.seeded(&seeded, shown.then_some(password));
    }
    context.market.rates.renew().await.map_err(StartError::Rates)?;
    let mut simulator = None;
    if options.seed {
        let data_dir = opened.data_dir.as_ref();
        if let Some(venue) = venue::open(&options, &context, data_dir, &report.url).await? {
            report = report.with_venue(&venue.venue);
            simulator = venue.simulator;
        }
    }

    let (sockets, open) = sockets(gateway);
    let served = Arc::new(Served { router, context, sockets });
    let (stop, stopped) = oneshot::channel();
    let mut server = JoinSet::new();
    server.spawn(serve(listener, Arc::clone(&served), stopped));
    let delivering = deliver(deliveries, &served);
    recall(&served.context.market).await.map_err(StartError::Recall)?;
    let placing = place(placements, &served);
    let answering = answer(rings, &served);
    let followers = opened.source.as_ref().map(|source| follow(source, &served));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let schedules = schedules::wake(&served, &clock);
    let mut sweeper = JoinSet::new();
    if let Some(Source::Embedded(embedded)) = opened.source {
        sweeper.spawn(sweep_expired(embedded));
    }
    let data_dir = opened.data_dir;
    let market = RunningMarket {
        report,
        served,
        stop,
        server,
        open,
        answering,
        delivering,
        placing,
        simulator,
        followers,
        schedules,
        sweeper,
        data_dir,
    };
    Ok(market)
}

/// What is known of a market before it is seeded.
fn report_of(port: u16, options: &Options, opened: &Opened) -> Report {
    let dynamodb = match &options.storage {
        Storage::Endpoint { url, .. } => Some(url.clone()),
        Storage::Memory | Storage::Dir { .. } | Storage::Store(_) => None,
    };
    let data_dir = opened.data_dir.as_ref().map(|dir| dir.path().display().to_string());
    let not_followed = opened.not_followed.clone();
    Report { data_dir, dynamodb, not_followed, ..Report::at(format!("http://localhost:{port}")) }
}

/// Before any function has followed a stream: sees to what no stream tells of any more.
async fn follow_from_the_beginning(source: &Source, context: &Context) -> Result<(), StartError> {
    let tables = TableNames::prefixed(TABLE_PREFIX);
    let none = Checkpoints::new(source.client(), &tables).are_none().await;
    if none.map_err(StartError::Streams)? {
        let folded = backfill(&source.client(), &tables, &context.market).await;
        folded.map_err(|problem| StartError::Backfill(problem.code, problem.detail))?;
    }
    Ok(())
}

/// The functions behind streams, in this process.
fn follow(source: &Source, served: &Arc<Served>) -> Followers {
    let tables = TableNames::prefixed(TABLE_PREFIX);
    let followed = functions::STREAM_FUNCTIONS
        .iter()
        .flat_map(|(function, stems)| stems.iter().map(move |stem| (*function, *stem)));
    let mappings = followed.map(|(function, stem)| {
        let served = Arc::clone(served);
        let deliver: Deliver = Arc::new(move |event| {
            let served = Arc::clone(&served);
            Box::pin(async move { handle_stream_event(&served.context, function, event).await })
        });
        Mapping { function: function.stem, table: tables.with_stem(stem), deliver }
    });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    streams::follow(source, &tables, mappings.collect(), &clock)
}

fn listen(address: Ipv4Addr, port: u16) -> Result<TcpListener, StartError> {
    let listening = || {
        let socket = TcpSocket::new_v4()?;
        // As `TcpListener::bind` has it: a port is free again at once.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        // Connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind((address, port).into())?;
        socket.listen(BACKLOG)
    };
    listening().map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::Listen { port, source },
    })
}

async fn open(options: &Options) -> Result<Opened, StartError> {
    let entropy = options.entropy.as_ref();
    match &options.storage {
        Storage::Store(store) => Ok(Opened {
            store: Arc::clone(store),
            secret: new_secret(entropy),
            source: None,
            not_followed: Some("the store is not this program's own".to_owned()),
            data_dir: None,
        }),
        Storage::Memory => {
            let embedded = EmbeddedDynamo::in_memory().map_err(StartError::Database)?;
            let store = own_store(embedded.client(), "memory").await?;
            let secret = new_secret(entropy);
            Ok(opened(store, secret, Source::Embedded(embedded), None))
        }
        Storage::Dir { path, fresh } => {
            let data_dir = DataDir::take(path)?;
            if *fresh {
                data_dir.clear()?;
            }
            let secret = data_dir.secret(entropy)?;
            make_database(&data_dir).await?;
            let database = data_dir.database();
            let embedded = EmbeddedDynamo::open(&database).map_err(StartError::Database)?;
            let store = own_store(embedded.client(), &database.display().to_string()).await?;
            Ok(opened(store, secret, Source::Embedded(embedded), Some(data_dir)))
        }
        Storage::Endpoint { url, dir } => {
            let data_dir = DataDir::take(dir)?;
            let secret = data_dir.secret(entropy)?;
            let endpoint = EndpointDynamo::connect(url);
            let store = own_store(endpoint.client(), url).await?;
            let why_not = why_not_followed(&endpoint).await;
            let opened = opened(store, secret, Source::Endpoint(endpoint), Some(data_dir));
            Ok(match why_not {
                Some(reason) => Opened { source: None, not_followed: Some(reason), ..opened },
                None => opened,
            })
        }
    }
}

fn opened(
    store: Arc<dyn Store>,
    secret: String,
    source: Source,
    data_dir: Option<DataDir>,
) -> Opened {
    Opened { store, secret, source: Some(source), not_followed: None, data_dir }
}

/// Why the streams at an endpoint cannot be followed, if they cannot: then the market serves all
/// the same, and says what is missing.
async fn why_not_followed(endpoint: &EndpointDynamo) -> Option<String> {
    let tables = TableNames::prefixed(TABLE_PREFIX);
    for table in TABLES.iter().filter(|table| table.stream.is_some()) {
        let name = tables.of(table);
        let reason = match endpoint.stream(&name).await {
            Ok(Some(_)) => continue,
            Ok(None) => format!("{name} has no stream"),
            Err(error) => error.to_string(),
        };
        tracing::warn!(reason, "no streams are followed");
        return Some(reason);
    }
    None
}

/// Makes the database, if there is none. The engine makes a table in several steps, and a
/// process killed between them leaves a part of one, which nothing mends. So a new database has
/// another name until all its tables are there.
async fn make_database(data_dir: &DataDir) -> Result<(), StartError> {
    let Some(draft) = data_dir.database_draft()? else { return Ok(()) };
    let embedded = EmbeddedDynamo::open(&draft).map_err(StartError::Database)?;
    own_store(embedded.client(), &draft.display().to_string()).await?;
    // The last handle: the database is closed, and nothing of it is left beside its file.
    drop(embedded);
    data_dir.accept_database()
}

/// Where streams are followed.
async fn own_store(client: Client, at: &str) -> Result<Arc<dyn Store>, StartError> {
    let failed = |source| StartError::Tables { at: at.to_owned(), source };
    let tables = TableNames::prefixed(TABLE_PREFIX);
    create_checkpoints(&client, &tables).await.map_err(failed)?;
    create_missing_tables(&client, &tables, Streams::Declared).await.map_err(failed)?;
    Ok(Arc::new(DynamoStore::new(client, tables)))
}

fn context(
    options: &Options,
    opened: &Opened,
    queues: Queues,
    gateway: Arc<dyn Gateway>,
) -> Result<Context, StartError> {
    let secrets = Secrets::from_base64(&opened.secret).map_err(|_| {
        let path = opened.data_dir.as_ref().map(DataDir::secret_path);
        StartError::Secret(path.unwrap_or_default())
    })?;
    let cache: Option<Arc<dyn SharedCache>> = match &options.cache_url {
        Some(url) => Some(Arc::new(ValkeyCache::from_url(url, Arc::clone(&options.clock))?)),
        None => None,
    };
    let sender = HttpWebhookSender::new(options.settings.webhooks, Arc::clone(&options.clock));
    let mut parts = Parts {
        store: Arc::clone(&opened.store),
        cache,
        clock: Arc::clone(&options.clock),
        entropy: Arc::clone(&options.entropy),
        passwords: Arc::clone(&options.passwords),
        doorbell: queues.doorbell,
        deliveries: queues.deliveries,
        placements: queues.placements,
        dead_letters: dead_letters(opened),
        gateway,
        webhook_sender: Arc::new(sender),
        venue_connector: Arc::new(NoVenues),
        venue_feeds: Arc::new(NoFeeds),
        access_tokens: AccessTokens {
            issuer: ISSUER.to_owned(),
            audience: ISSUER.to_owned(),
            secrets: Arc::new(secrets),
        },
        quotas: options.quotas,
        settings: options.settings,
    };
    let signing = parts.venue_signing();
    parts.venue_feeds = Arc::new(WebSocketFeeds::new(signing.clone()));
    parts.venue_connector = Arc::new(HttpVenueConnector::new(signing));
    Ok(parts.context())
}

/// In the data directory, if there is one; in the log otherwise.
fn dead_letters(opened: &Opened) -> Arc<dyn DeadLetters> {
    match &opened.data_dir {
        Some(data_dir) => Arc::new(FailureFile::new(data_dir.failures())),
        None => Arc::new(FailureLog),
    }
}

/// The admin's password, from the secret: so a first start that is killed before it prints its
/// report does not take the password with it, and still no file holds it.
fn admin_password(secret: &str) -> String {
    const BYTES: usize = 15;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, b"multiverse-market/admin-password/1");
    let bytes = tag.as_ref().get(..BYTES).unwrap_or_else(|| tag.as_ref());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether no report with the admin's password was delivered yet, and the password is right.
async fn shows_password(context: &Context, opened: &Opened, admin: &Admin, password: &str) -> bool {
    let unreported = opened.data_dir.as_ref().is_some_and(DataDir::unreported);
    admin.is_new
        || unreported
            && context.market.passwords.verify(password, Some(&admin.user.password_hash)).await
}

async fn sweep_expired(embedded: EmbeddedDynamo) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        match embedded.sweep_expired().await {
            Ok(swept) => tracing::debug!(swept, "expired rows were swept"),
            Err(error) => tracing::warn!(%error, "expired rows were not swept"),
        }
    }
}
