//! A listener: takes connections from MTAs and starts a task for each.
//!
//! All listeners share one bound on connections. A connection above it is accepted and closed at once, so that the MTA
//! need not wait and file descriptors stay in bounds. A unix socket whose file disappears is bound again; its open
//! connections go on. Errors while accepting pass, so a listener never gives up: it waits a little and logs a warning
//! now and then.

mod bind;
mod error;
mod inherited;
mod state;
mod unix;

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use nix::errno::Errno;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::config;
use crate::connection::{self, ConnectionObserver};
use crate::descriptors::DescriptorReserve;
use crate::stream::MtaStream;

pub use error::BindError;
pub(crate) use error::system as bind_error;
pub use inherited::Inherited;
pub use state::{ListenerState, SharedAdmission};
pub(crate) use unix::{SocketFile, bind_private};

use bind::Socket;
use state::OpenConnection;

/// How often a socket file is looked at; a lost one is back well within a second.
const LOOK_PAUSE: Duration = Duration::from_millis(250);
const SHORTEST_BACK_OFF: Duration = Duration::from_millis(10);
const MAX_BACK_OFF: Duration = Duration::from_secs(1);

/// A bound socket, and the state that its connections share.
pub struct Listener {
    state: Arc<ListenerState>,
    socket: Socket,
    settings: config::ListenerConfig,
    reserve: DescriptorReserve,
    back_off: Duration,
}

impl Listener {
    /// Binds the address of a `[[listener]]`, or takes the socket that systemd holds for it.
    ///
    /// # Errors
    /// If the address can't be had.
    pub async fn bind(
        state: Arc<ListenerState>, settings: config::ListenerConfig, inherited: &mut Inherited,
    ) -> Result<Self, BindError> {
        let socket = Socket::bind(&settings, inherited).await?;
        Ok(Self { state, socket, settings, reserve: DescriptorReserve::of_process(), back_off: Duration::ZERO })
    }

    /// The address that was bound, with the port that the system chose.
    pub fn address(&self) -> config::ListenAddress {
        self.socket.address().unwrap_or_else(|| self.settings.address.clone())
    }

    /// Takes connections until `drain` says stop, then closes the socket and removes its file.
    pub async fn run(mut self, drain: watch::Receiver<bool>) {
        let mut stop = drain.clone();
        let mut look = self.socket.file().is_some().then(every_look);
        loop {
            tokio::select! {
                biased;
                () = told_to(&mut stop) => return,
                () = tick(&mut look) => self.look_after_file(&drain),
                accepted = self.socket.accept_without(self.reserve) => match accepted {
                    Ok(stream) => self.admit(stream, &drain),
                    Err(error) => {
                        let pause = self.pause_after(&error);
                        let _ = timeout(pause, told_to(&mut stop)).await;
                    }
                },
            }
        }
    }

    /// Starts the task of a connection, if there may be one more.
    fn admit(&mut self, stream: MtaStream, drain: &watch::Receiver<bool>) {
        self.back_off = Duration::ZERO;
        let state = Arc::clone(&self.state);
        let Ok(permit) = Arc::clone(&state.shared.permits).try_acquire_owned() else {
            state.metrics.refused.inc();
            if let Some(suppressed) = state.warnings.full.pass() {
                let listener = state.name();
                tracing::warn!(event = "connections_full", listener, suppressed, "limits.connections is reached");
            }
            return;
        };
        let drain = drain.clone();
        let passed = self.socket.is_passed();
        tokio::spawn(async move {
            let open = OpenConnection::new(state, permit);
            let state = &open.state;
            let mut bounds = **state.shared.bounds.load();
            if !passed {
                // This process owns the socket, so nobody can connect during a restart. Idle connections are closed at once:
                // waiting for them would only make the gap longer.
                bounds.drain_idle = Duration::ZERO;
            }
            let observer: Arc<dyn ConnectionObserver> = Arc::clone(state) as _;
            let closed = connection::serve(stream, state.pipeline.load_full(), bounds, observer, drain).await;
            state.closed(&closed);
        });
    }

    /// How long to wait after an error of accept(2). An error of one connection passes at once, an error of the machine
    /// takes time.
    fn pause_after(&mut self, error: &io::Error) -> Duration {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or_default());
        if matches!(errno, Errno::ECONNABORTED | Errno::EINTR) {
            return Duration::ZERO;
        }
        let state = &self.state;
        state.shared.metrics.protocol_error("accept");
        if let Some(suppressed) = state.warnings.accept.pass() {
            let hint = match errno {
                Errno::EMFILE => "; raise the limit of open files (LimitNOFILE= in systemd, ulimit -n)",
                Errno::ENFILE => "; raise fs.file-max",
                _ => "",
            };
            let listener = state.name();
            tracing::warn!(event = "accept", listener, suppressed, "can't take a connection: {error}{hint}");
        }
        self.back_off = (self.back_off * 2).clamp(SHORTEST_BACK_OFF, MAX_BACK_OFF);
        self.back_off
    }

    /// Binds the socket again if its file is gone or no longer ours.
    fn look_after_file(&mut self, drain: &watch::Receiver<bool>) {
        if self.socket.file().is_none_or(unix::SocketFile::is_ours) {
            // Another process may have put the file back.
            self.state.up.store(true, Ordering::Relaxed);
            return;
        }
        let listener = self.state.name();
        match self.socket.bind_again(&self.settings) {
            Ok(old) => {
                self.state.up.store(true, Ordering::Relaxed);
                tracing::warn!(event = "socket_restored", listener, "the socket file was gone; bound it again");
                // MTAs that connected before the file disappeared are still served.
                let mut context = Context::from_waker(Waker::noop());
                while let Poll::Ready(Ok((stream, _))) = old.poll_accept(&mut context) {
                    self.admit(MtaStream::Unix(stream), drain);
                }
            }
            Err(error) => {
                self.state.up.store(false, Ordering::Relaxed);
                if let Some(suppressed) = self.state.warnings.file.pass() {
                    tracing::error!(event = "socket_lost", listener, suppressed, "the socket file is gone: {error}");
                }
            }
        }
    }
}

/// Waits until the flag is set, or can't be any more.
async fn told_to(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|told| *told).await;
}

fn every_look() -> Interval {
    let mut look = interval(LOOK_PAUSE);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look
}

async fn tick(interval: &mut Option<Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => pending().await,
    }
}
