//! How it begins on every rank: groups, shared memory, sockets, the journal.

use std::sync::Arc;

use super::fill::fill;
use super::journal::{Journal, Recovered};
use super::ledger::{Ledger, Rules};
use super::options::Options;
use super::root::coordinator::Coordinator;
use super::root::dispatch::Dispatch;
use super::root::effects::Effects;
use super::root::pace::Pace;
use super::root::recorder::Recorder;
use super::root::trace::Trace;
use super::root::watch::Watch;
use super::root::{Conduct, Missed, Root, Watched};
use super::topology::Topology;
use super::wire::connect::{Endpoint, connect};
use super::wire::hub::Hub;
use super::wire::lifeline::Lifeline;
use super::wire::sync::lock;
use super::worker::runner::{Runner, Work};
use super::worker::token::Token;
use super::worker::values::Values;
use super::worker::{WorkerLoop, at_once};
use crate::base::descriptors;
use crate::base::error::{Error, Result};
use crate::comm::{Reaction, Shared, Watchdog, survives_deaths};

/// Descriptors that a rank must have left for a task: its program's pipes, its files.
const DESCRIPTORS: usize = 24;

/// Tasks about to begin.
pub(super) struct Starting<'w, 'a> {
    pub options: &'w Options<'a>,
    pub work: &'w Work<'w>,
    /// Tasks of the list, or none for a pool.
    pub count: Option<u64>,
}

/// What a rank is.
pub(super) enum Role<'w> {
    /// Rank 0, ready to begin.
    Root(Box<Root<'w>>),
    /// Another rank, after the end, with the status that rank 0 has sent.
    Done(u8),
}

/// A journal that is open, and what was in it.
type Opened = Option<(Journal, Option<Recovered>)>;

impl<'w> Starting<'w, '_> {
    /// Begins on every rank; all but rank 0 return after the end. All ranks.
    pub(super) fn start(&self) -> Result<Role<'w>> {
        let comm = self.options.comm;
        descriptors::raise_limit();
        let topology = Topology::new(comm, self.options.ranks_per_task)?;
        let journal = if comm.is_root() { self.open_journal() } else { Ok(None) };
        let journal = comm.agree(journal)?;
        let rank = comm.rank();
        let memory = comm.agree(topology.share(comm))?;
        let end = connect(comm, topology.is_one_host(), self.options.silence)?;
        let missed = Missed::default();
        let misses = Arc::clone(&missed);
        let lose = Reaction::GoOn(Box::new(move |ranks, told| lock(&misses).push((ranks.to_vec(), told))));
        let watchdog = Watchdog::start(comm, self.options.silence, lose)?;
        // Rank 0's second thread has the sockets once more.
        let needed = DESCRIPTORS + if comm.is_root() { comm.size() } else { 0 };
        comm.agree(descriptors::check_room(&format!("rank {} of a sweep", comm.rank()), needed))?;
        let token = Arc::new(Token::default());
        let values = Arc::new(Values::default());
        let group = topology.group.clone();
        let mut runner = Runner::new(self.work, self.options.seed, Arc::clone(&token), Arc::clone(&values), group);
        runner.ahead = self.options.ahead.as_deref();
        if topology.leaders[rank] == rank {
            runner.progress = topology.progress(&memory, rank);
        }
        match end {
            Endpoint::Root(hub) => {
                self.start_root(&topology, memory, hub, journal, runner, Watched { missed, watchdog })
            }
            Endpoint::Other(socket) => {
                let lifeline = Lifeline::new(socket, move |frame| at_once(frame, &token, &values))
                    .map_err(|error| Error::System(format!("rank {rank} cannot listen to rank 0: {error}")))?;
                if topology.leaders[rank] == rank {
                    let near = topology.ring(&memory, rank).map(|ring| (topology.board(&memory), ring));
                    let worker = WorkerLoop { lifeline, near, rank, is_crowded: topology.is_crowded };
                    let _in_tasks = comm.enter_tasks();
                    return Ok(Role::Done(worker.run(&mut runner)));
                }
                let _in_tasks = comm.enter_tasks();
                if topology.leaders[rank] < comm.size() {
                    runner.join();
                }
                Ok(Role::Done(lifeline.wait_for_end()))
            }
        }
    }

    /// Rank 0.
    fn start_root(
        &self,
        topology: &Topology,
        memory: Shared,
        hub: Hub,
        journal: Opened,
        runner: Runner<'w>,
        watched: Watched,
    ) -> Result<Role<'w>> {
        let options = self.options;
        let (journal, recovered) = journal.unzip();
        let rules =
            Rules { retries: options.retries, stop_after: options.stop_after, survives_deaths: survives_deaths() };
        let progress = (0..topology.leaders.len()).map(|rank| topology.progress(&memory, rank)).collect();
        let recovered = recovered.flatten();
        let is_careful = options.by_key.is_none() && recovered.as_ref().is_some_and(Recovered::is_stalled);
        let pace = Pace::new(if is_careful { Some(1) } else { options.chunk });
        let board = topology.board(&memory);
        let dispatch = Dispatch::new(board, topology.arena, hub, progress, pace, Arc::clone(&runner.token));
        let mut coordinator = Coordinator::new(
            Ledger::new(topology.leaders.iter().copied(), rules),
            Effects::new(dispatch, Recorder::new(journal)),
            Watch::new(options.time_limit),
            topology.rings(&memory),
        );
        coordinator.trace = options.trace.clone().map(|path| Trace::begin(path, topology.leaders.len()));
        fill(&mut coordinator, options, self.count, recovered.as_ref());
        let conduct = Conduct {
            computes: options.root_computes,
            is_crowded: topology.is_crowded,
            stop: &*options.stop,
            is_careful,
            watched,
            in_tasks: options.comm.enter_tasks(),
            observer: options.observer.borrow_mut().take().unwrap_or_else(|| Box::new(|_| ())),
        };
        let rings = topology.rings(&memory).into_iter().map(|(_, ring)| ring).collect();
        Ok(Role::Root(Box::new(Root::start(coordinator, runner, memory, rings, conduct)?)))
    }

    fn open_journal(&self) -> Result<Opened> {
        let Some((path, _)) = &self.options.journal else { return Ok(None) };
        let plan = self.options.journal_plan(self.count);
        Ok(Some(if path.exists() {
            let (journal, recovered) = Journal::open(path, &plan)?;
            (journal, Some(recovered))
        } else {
            (Journal::create(path, &plan)?, None)
        }))
    }
}
