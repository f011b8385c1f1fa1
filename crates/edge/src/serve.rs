//! The edge as a whole, from start to stop.
//!
//! Responsible for owning every thread and task: when `serve` returns, nothing of it is left.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::applier::Applier;
use crate::control::Control;
use crate::descriptors;
use crate::edge::Edge;
use crate::error::Error;
use crate::settings::Settings;
use crate::store::Store;
use crate::worker::{self, Order};

/// Asks and orders that may wait.
const QUEUE: usize = 64;

/// Serves until SIGTERM, SIGINT or a stop on the control socket.
///
/// Stopping accepts nothing more and lets requests in flight finish within their limit. An
/// error means that the edge could not start, or that it lost a serving thread or the task that
/// takes its tables.
pub fn serve(mut settings: Settings) -> Result<(), Error> {
    let places = descriptors::places(descriptors::raise(), settings.workers);
    settings.limits.connections = settings.limits.connections.min(places);
    let store = Arc::new(Store::open(&settings.state_dir)?);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    runtime.block_on(run(settings, store))
}

async fn run(settings: Settings, store: Arc<Store>) -> Result<(), Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Start)?;
    let control = Control::open(&settings.control_socket)?;
    let workers = settings.workers.get();
    let edge = Arc::new(Edge::new(settings));
    let (threads, orders, mut lost) = start(&edge, workers)?;
    let (ask, asks) = mpsc::channel(QUEUE);
    let (stop, mut stops) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    let applier = Applier::new(Arc::clone(&edge), store, orders.clone());
    tasks.spawn(applier.run(asks));
    tasks.spawn(control.run(Arc::clone(&edge), ask, stop));
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = stops.recv() => Ok(()),
        _ = lost.recv() => Err(Error::PartLost),
        // An edge that takes no table any more serves by the old one for ever, and stands in the
        // way of another that would.
        _ = tasks.join_next() => Err(Error::PartLost),
    };
    tracing::info!("the edge stops; requests in flight finish first");
    for order in &orders {
        // A worker that is gone needs no telling.
        let _ = order.send(Order::Stop).await;
    }
    let joined = tokio::task::spawn_blocking(move || {
        threads.into_iter().map(JoinHandle::join).all(|joined| joined.is_ok_and(|ran| ran.is_ok()))
    });
    let all_ended_well = joined.await.unwrap_or(false);
    tasks.shutdown().await;
    match ended {
        Ok(()) if !all_ended_well => Err(Error::PartLost),
        Ok(()) | Err(_) => ended,
    }
}

type Threads = Vec<JoinHandle<std::io::Result<()>>>;

/// The serving threads, how to tell them something, and what wakes when one ends.
type Started = (Threads, Vec<mpsc::Sender<Order>>, mpsc::Receiver<()>);

fn start(edge: &Arc<Edge>, count: usize) -> Result<Started, Error> {
    let (alive, lost) = mpsc::channel(count);
    let mut threads = Vec::new();
    let mut orders = Vec::new();
    for number in 0..count {
        let (order, queue) = mpsc::channel(QUEUE);
        let edge = Arc::clone(edge);
        let alive = alive.clone();
        let thread = std::thread::Builder::new()
            .name(format!("edge-{number}"))
            .spawn(move || {
                let _told = Alive(alive);
                worker::run(edge, queue)
            })
            .map_err(Error::Start)?;
        threads.push(thread);
        orders.push(order);
    }
    Ok((threads, orders, lost))
}

/// Tells when its thread ends, whatever way it ends.
struct Alive(mpsc::Sender<()>);

impl Drop for Alive {
    fn drop(&mut self) {
        // A full queue means that another thread's end is known already.
        let _ = self.0.try_send(());
    }
}
