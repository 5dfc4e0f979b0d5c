//! Looking for events after each step, over all ranks: what happened, and which bodies change or go.

use crate::nbody::body::Body;
use crate::nbody::events::{
    Barycentre, EventSettings, OnCollision, OnEncounter, OnEscape, Pair, Passage, Passages, Reach, Search,
    add_potential, groups, is_unbound, merged, outside, sort_pairs,
};
use crate::particles::Particles;
use crate::run::Event;
use crate::{Checkpoint, CheckpointReader, Result};

use super::names::Names;

/// What to look for, and what has been seen.
pub(super) struct Watch {
    settings: EventSettings,
    gravity: f64,
    softening: f64,
    contacts: Passages,
    encounters: Passages,
    escaped: Vec<u64>,
    search: Search,
    /// What happened since the loop last asked.
    pub seen: Vec<Event>,
}

/// What a step did to the list of bodies.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Bodies that are no more.
    pub removed: Vec<u64>,
    /// Bodies that have grown.
    pub grown: Vec<Body>,
}

impl Change {
    /// Whether anything changed.
    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.grown.is_empty()
    }

    /// The list of bodies after the change.
    pub(super) fn apply(&self, bodies: Vec<Body>) -> Vec<Body> {
        let kept = bodies.into_iter().filter(|body| !self.removed.contains(&body.id));
        kept.map(|body| self.grown.iter().find(|grown| grown.id == body.id).copied().unwrap_or(body)).collect()
    }
}

impl Watch {
    /// Nothing seen yet.
    pub(super) fn new(settings: EventSettings, gravity: f64, softening: f64) -> Self {
        let (contacts, encounters, search) = Default::default();
        Watch { settings, gravity, softening, contacts, encounters, escaped: Vec::new(), search, seen: Vec::new() }
    }

    /// Whether there is anything to look for.
    #[inline]
    pub(super) fn is_needed(&self) -> bool {
        self.settings.any()
    }

    /// Looks at the bodies after a step of `dt` that ended at `time`. All ranks.
    pub(super) fn look(&mut self, bodies: &Particles<Body>, names: &Names, time: f64, dt: f64) -> Change {
        let mut change = Change::default();
        if self.settings.collision != OnCollision::None {
            let pairs = self.pairs(bodies, Reach::Contact, dt);
            self.collide(bodies, names, time, &pairs, &mut change);
        }
        if self.settings.close_encounter != OnEncounter::None {
            let pairs = self.pairs(bodies, Reach::Within(self.settings.close_encounter_distance), dt);
            self.encounter(names, time, &pairs);
        }
        if self.settings.escape != OnEscape::None {
            self.escape(bodies, names, &mut change);
        }
        self.contacts.end(&change.removed);
        let over = self.encounters.end(&change.removed);
        if self.settings.close_encounter == OnEncounter::Record {
            self.seen.extend(over.iter().map(|passage| close_encounter(passage, names)));
        }
        change
    }

    /// The passages under way that are recorded when they end.
    pub(super) fn under_way(&self, names: &Names) -> Vec<Event> {
        let records = self.settings.close_encounter == OnEncounter::Record;
        let open = self.encounters.open().iter().filter(|_| records);
        open.map(|passage| close_encounter(passage, names)).collect()
    }

    /// The near pairs of all ranks, in order.
    fn pairs(&mut self, bodies: &Particles<Body>, reach: Reach, dt: f64) -> Vec<Pair> {
        let mut found = Vec::new();
        let search = &mut self.search;
        bodies.source_blocks(|body| *body, |block| search.pairs(reach, dt, bodies.local(), block.sources, &mut found));
        let mut all = bodies.comm().all_gather(&found);
        sort_pairs(&mut all);
        all
    }

    fn report(&mut self, kind: &str, time: Option<f64>, subjects: Vec<String>, value: f64, stop: bool) {
        self.seen.push(Event { kind: kind.to_owned(), time, subjects, value, stop });
    }

    fn collide(&mut self, bodies: &Particles<Body>, names: &Names, time: f64, pairs: &[Pair], change: &mut Change) {
        if self.settings.collision == OnCollision::Merge {
            return self.merge(bodies, names, pairs, change);
        }
        let stop = self.settings.collision == OnCollision::Stop;
        for pair in pairs.iter().filter(|pair| !self.contacts.contains(pair.ids)).copied().collect::<Vec<_>>() {
            self.report("collision", Some(time - pair.before), names.of(&pair.ids), pair.distance, stop);
        }
        self.contacts.update(time, pairs);
    }

    fn merge(&mut self, bodies: &Particles<Body>, names: &Names, pairs: &[Pair], change: &mut Change) {
        let heaps = groups(pairs);
        if heaps.is_empty() {
            return;
        }
        let touched = |body: &&Body| heaps.iter().any(|heap| heap.contains(&body.id));
        let mine: Vec<Body> = bodies.local().iter().filter(touched).copied().collect();
        let all = bodies.comm().all_gather(&mine);
        for heap in &heaps {
            let parts: Vec<Body> = all.iter().filter(|body| heap.contains(&body.id)).copied().collect();
            let whole = merged(&parts);
            let gone: Vec<u64> = heap.iter().copied().filter(|&id| id != whole.id).collect();
            self.report("merger", None, names.of(&[&[whole.id], &gone[..]].concat()), whole.mass, false);
            change.removed.extend(gone);
            change.grown.push(whole);
        }
    }

    fn encounter(&mut self, names: &Names, time: f64, pairs: &[Pair]) {
        if self.settings.close_encounter == OnEncounter::Stop {
            for pair in pairs.iter().filter(|pair| !self.encounters.contains(pair.ids)).copied().collect::<Vec<_>>() {
                self.report("close encounter", Some(time - pair.before), names.of(&pair.ids), pair.distance, true);
            }
            self.encounters.update(time, pairs);
            return;
        }
        let over = self.encounters.update(time, pairs);
        self.seen.extend(over.iter().map(|passage| close_encounter(passage, names)));
    }

    fn escape(&mut self, bodies: &Particles<Body>, names: &Names, change: &mut Change) {
        let whole = barycentre(bodies);
        let local = bodies.local();
        let mine: Vec<Body> =
            outside(self.settings.escape_radius, &whole, local).into_iter().map(|i| local[i]).collect();
        let mut far = bodies.comm().all_gather(&mine);
        far.retain(|body| !self.escaped.contains(&body.id) && !change.removed.contains(&body.id));
        if far.is_empty() {
            return;
        }
        let mut potential = vec![0.0; far.len()];
        let gravity = self.gravity;
        let softening = self.softening;
        bodies.source_blocks(
            |body| *body,
            |block| add_potential(gravity, softening, &far, block.sources, &mut potential),
        );
        for (body, potential) in
            far.iter().zip(potential).filter(|(body, potential)| is_unbound(body, &whole, *potential))
        {
            let removes = self.settings.escape == OnEscape::Remove;
            self.report("escape", None, names.of(&[body.id]), potential, self.settings.escape == OnEscape::Stop);
            self.escaped.push(body.id);
            change.removed.extend(removes.then_some(body.id));
        }
    }

    /// Writes what has been seen. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.replicated_records("events.contacts", self.contacts.open())?;
        to.replicated_records("events.encounters", self.encounters.open())?;
        to.replicated_records("events.escaped", &self.escaped)
    }

    /// Takes up what [`save`](Watch::save) wrote.
    pub(super) fn load(mut self, from: &CheckpointReader) -> Result<Self> {
        self.contacts = Passages::from_open(from.replicated_records("events.contacts")?);
        self.encounters = Passages::from_open(from.replicated_records("events.encounters")?);
        self.escaped = from.replicated_records("events.escaped")?;
        Ok(self)
    }
}

/// A passage as it is recorded: its least distance, and when that was.
fn close_encounter(passage: &Passage, names: &Names) -> Event {
    Event::new("close encounter").at(passage.time).of(names.of(&passage.ids)).with(passage.distance)
}

/// Mass and motion of all bodies together, from exact sums. All ranks.
fn barycentre(bodies: &Particles<Body>) -> Barycentre {
    let mut sums: [crate::comm::ExactSum; 7] = Default::default();
    for body in bodies.local() {
        sums[0].add(body.mass);
        let weighted = body.position.iter().chain(&body.velocity).map(|x| body.mass * x);
        sums[1..].iter_mut().zip(weighted).for_each(|(sum, term)| sum.add(term));
    }
    bodies.comm().all_reduce_exact(&mut sums);
    let mass = sums[0].value();
    let mean = |first: usize| [0, 1, 2].map(|k| sums[first + k].value() / mass);
    Barycentre { mass, position: mean(1), velocity: mean(4) }
}
