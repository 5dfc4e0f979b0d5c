//! What a run would take on more ranks than there are here: each phase's messages and bytes, fitted to runs that are counted, and the time
//! of the work, measured where each rank has a core.
//!
//! A step of p ranks takes the seconds of its work, then for each message the network's latency and for each byte its share of the bandwidth;
//! a collective counts log2 p latencies (Thakur, Rabenseifner & Gropp 2005, Int. J. High Perform. Comput. Appl. 19, 49). Messages and bytes are
//! those of the rank that has most of them, and all go between nodes: ranks wait for the slowest. Left out: the start, output, messages that are
//! hidden behind work, contention within the network, ranks whose work is uneven, what the system does beside.

use super::fit::{Form, Sample};

/// What a phase of one run counted on the rank that has most, for each step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PhaseCount {
    pub name: String,
    /// From rank to rank, without collectives.
    pub messages: f64,
    pub collectives: f64,
    pub bytes: f64,
}

/// One run that was counted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub ranks: f64,
    /// Of a rank and a step.
    pub work: f64,
    /// Bytes of the rank that has most.
    pub memory: f64,
    pub phases: Vec<PhaseCount>,
}

/// The network of a cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Network {
    /// Seconds of a message.
    pub latency: f64,
    /// Bytes per second of a rank.
    pub bandwidth: f64,
}

/// What runs have shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    /// Seconds for a unit of work: of the median, and the least and largest.
    pub unit: [f64; 3],
    pub memory: Form,
    pub phases: Vec<(String, [Form; 3])>,
}

/// What so many ranks would take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Forecast {
    pub ranks: f64,
    /// Seconds of a step: of work, of latencies, of bytes.
    pub work: f64,
    pub latency: f64,
    pub bytes: f64,
    /// How much of a step's seconds may be off, either way.
    pub error: f64,
    /// Bytes of a rank.
    pub memory: f64,
    /// The phase whose messages take longest.
    pub bound: String,
}

impl Forecast {
    /// Seconds of a step.
    pub(super) fn seconds(&self) -> f64 {
        self.work + self.latency + self.bytes
    }

    /// The share of a step that is work.
    pub(super) fn efficiency(&self) -> f64 {
        self.work / self.seconds()
    }

    /// Core hours of a thousand steps.
    pub(super) fn core_hours(&self) -> f64 {
        1000.0 * self.seconds() * self.ranks / 3600.0
    }
}

impl Counted {
    /// Its memory, to be fitted.
    pub(super) fn memory(&self) -> Sample {
        Sample { work: self.work, ranks: self.ranks, value: self.memory }
    }
}

impl Model {
    /// From runs that were counted, the memory of all runs, and the seconds for a unit of work of runs that were timed. None of no run.
    pub(super) fn of(counted: &[Counted], memory: &[Sample], unit: [f64; 3]) -> Option<Self> {
        let form = |of: &dyn Fn(&Counted) -> f64| {
            let samples = counted.iter().map(|run| Sample { work: run.work, ranks: run.ranks, value: of(run) });
            Form::of(&samples.collect::<Vec<_>>())
        };
        let memory = Form::of(memory)?;
        let names = counted.first()?.phases.iter().map(|phase| phase.name.clone());
        let phases = names.map(|name| {
            let count = |of: fn(&PhaseCount) -> f64| {
                let of_run = |run: &Counted| run.phases.iter().find(|phase| phase.name == name).map_or(0.0, of);
                form(&of_run)
            };
            let forms =
                [count(|phase| phase.messages)?, count(|phase| phase.collectives)?, count(|phase| phase.bytes)?];
            Some((name.clone(), forms))
        });
        Some(Model { unit, memory, phases: phases.collect::<Option<_>>()? })
    }

    /// What so many ranks with so much work each would take.
    pub(super) fn at(&self, work: f64, ranks: f64, network: Network) -> Forecast {
        let stages = ranks.max(2.0).log2().ceil();
        let costs = self.phases.iter().map(|(name, [messages, collectives, bytes])| {
            let latency = network.latency * (messages.at(work, ranks) + stages * collectives.at(work, ranks));
            let seconds = bytes.at(work, ranks) / network.bandwidth;
            let error = latency * messages.error.max(collectives.error) + seconds * bytes.error;
            (name, latency, seconds, error)
        });
        let costs: Vec<_> = costs.collect();
        let [middle, least, most] = self.unit;
        let bound = costs.iter().max_by(|a, b| (a.1 + a.2).total_cmp(&(b.1 + b.2)));
        Forecast {
            ranks,
            work: middle * work,
            latency: costs.iter().map(|cost| cost.1).sum(),
            bytes: costs.iter().map(|cost| cost.2).sum(),
            error: (most - middle).max(middle - least) * work + costs.iter().map(|cost| cost.3).sum::<f64>(),
            memory: self.memory.at(work, ranks),
            bound: bound.map_or(String::new(), |cost| cost.0.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gas on a grid: six faces twice a step, a reduction, 100 bytes for each cell.
    fn gas(side: f64, ranks: f64) -> Counted {
        let work = side.powi(3) / ranks;
        let halo = PhaseCount {
            name: "halo".to_owned(),
            messages: 12.0,
            collectives: 0.0,
            bytes: 480.0 * work.powf(2.0 / 3.0),
        };
        let reduction = PhaseCount { name: "reduction".to_owned(), messages: 0.0, collectives: 1.0, bytes: 32.0 };
        Counted { ranks, work, memory: 4e7 + 100.0 * work, phases: vec![halo, reduction] }
    }

    #[test]
    fn a_gas_of_128_cubed_on_each_rank_waits_little_on_a_fast_network() {
        let counted = [gas(64.0, 8.0), gas(64.0, 27.0), gas(64.0, 64.0)];
        let memory = counted.each_ref().map(Counted::memory);
        let model = Model::of(&counted, &memory, [1e-7, 0.9e-7, 1.2e-7]).unwrap();
        let work = 128.0_f64.powi(3);
        let told = model.at(work, 4096.0, Network { latency: 2e-6, bandwidth: 12.5e9 });
        assert!((told.work - 0.2097152).abs() < 1e-12 && (told.latency - 2e-6 * 24.0).abs() < 1e-12, "{told:?}");
        let bytes = (480.0 * 16384.0 + 32.0) / 12.5e9;
        assert!((told.bytes / bytes - 1.0).abs() < 1e-6 && told.efficiency() > 0.99, "{told:?}");
        assert!((told.memory / (4e7 + 100.0 * work) - 1.0).abs() < 1e-6 && told.bound == "halo", "{told:?}");
        assert!((told.error - 0.2e-7 * work).abs() < 1e-4, "{told:?}");
        assert!((told.core_hours() - 1000.0 * told.seconds() * 4096.0 / 3600.0).abs() < 1e-9);
        let slow = model.at(1000.0, 4096.0, Network { latency: 50e-6, bandwidth: 1e8 });
        assert!(slow.efficiency() < 0.2, "{slow:?}");
    }
}
