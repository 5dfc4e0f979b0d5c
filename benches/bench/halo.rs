//! Halo exchange between two ranks of a node: through shared memory, and as a program without this crate would do it.
//!
//! 64^3 cells per rank in a periodic box that is cut along z: two faces lie between the ranks, four between a block and itself.
//! This program launches itself under mpirun; the ways take turns, and the best time of each counts.

use std::process::{Command, ExitCode};
use std::time::Instant;

use divisi::Comm;
use divisi::comm::{Pending, launch};
use divisi::grid::{Field, Grid, Halo, HaloShape, Layout, Node};

use super::Figure;

/// Tells a launched process what to measure.
pub(crate) const ROLE: &str = "DIVISI_BENCH_ROLE";
const CELLS: usize = 64;
const COMPONENTS: usize = 5;
const WIDTH: usize = 2;
/// Turns, and exchanges in each.
const TURNS: usize = 60;
const EXCHANGES: usize = 20;

/// Best microseconds per exchange: through shared memory; packed messages, one per rank; a message per face.
pub(crate) fn exchanges() -> Vec<Figure> {
    let me = std::env::current_exe().expect("this program");
    let mut command = Command::new("mpirun");
    command.args(["-n", "2"]).arg(me).env(ROLE, "halo");
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let output = command.output().expect("mpirun starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let times: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("microseconds")).collect();
    let [shared, messages, faces] = times[..] else { panic!("three times in {text}") };
    let note = format!("5 fields x 2 layers, best of {}; node = \"messages\": {messages:.1} us", TURNS * EXCHANGES);
    let peer = "pack + Isend/Irecv per face";
    let figure = |name, value, peer: &str, peer_value| Figure {
        name,
        value,
        unit: "us",
        command: format!("cargo bench --bench bench -- {name}"),
        peer: peer.into(),
        peer_value,
        note: note.clone(),
    };
    vec![figure("halo_64_us", shared, peer, Some(faces)), figure("halo_64_isend_us", faces, "", None)]
}

/// On both ranks: measures, and prints the times.
pub(crate) fn measure() -> ExitCode {
    launch(|comm| {
        let grid = Grid::new([CELLS, CELLS, CELLS * comm.size()], [0.0; 3], [1.0; 3])?;
        let layout = Layout::balanced(grid, comm.size(), [WIDTH; 3], [true; 3])?;
        let shape = HaloShape::star(COMPONENTS, [WIDTH; 3]);
        let mut shared = Halo::<f64, 3>::new(comm, &layout, shape.clone(), Node::Shared)?;
        let mut messages = Halo::<f64, 3>::new(comm, &layout, shape, Node::Messages)?;
        let mut fields = vec![Field::new([CELLS; 3], COMPONENTS, [WIDTH; 3])];
        let mut faces = Faces::new(comm, &layout, &fields[0]);
        let mut best = [f64::INFINITY; 3];
        for _ in 0..TURNS {
            best[0] = best[0].min(best_of(comm, || shared.exchange(&mut fields)));
            best[1] = best[1].min(best_of(comm, || messages.exchange(&mut fields)));
            best[2] = best[2].min(best_of(comm, || faces.exchange(&mut fields[0])));
        }
        if comm.is_root() {
            println!("{} {} {}", best[0], best[1], best[2]);
        }
        Ok(0)
    })
}

/// The least microseconds that some exchange took; of each the slower rank counts.
fn best_of(comm: &Comm, mut exchange: impl FnMut()) -> f64 {
    let mut times = [0.0; EXCHANGES];
    for time in &mut times {
        comm.barrier();
        let start = Instant::now();
        exchange();
        *time = start.elapsed().as_secs_f64() * 1e6;
    }
    comm.all_reduce_max_into(&mut times);
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// The exchange by hand: each face packed and sent as a message of its own, also to oneself.
struct Faces {
    comm: Comm,
    /// For each axis and side, the rank beyond it.
    ranks: [[usize; 2]; 3],
    outgoing: Vec<Vec<f64>>,
    /// The rows of each face, within the block and in the halo.
    rows: [[Rows; 2]; 6],
}

impl Faces {
    fn new(comm: &Comm, layout: &Layout<3>, field: &Field<f64, 3>) -> Self {
        let beyond = |axis: usize, step: i8| {
            let mut direction = [0; 3];
            direction[axis] = step;
            layout.owner(layout.neighbour(comm.rank(), direction).expect("a periodic box"))
        };
        let ranks = std::array::from_fn(|axis| [-1, 1].map(|step| beyond(axis, step)));
        let size = COMPONENTS * WIDTH * CELLS * CELLS;
        let rows = std::array::from_fn(|face| [false, true].map(|halo| Rows::of(field, face, halo)));
        Faces { comm: comm.clone(), ranks, outgoing: vec![vec![0.0; size]; 6], rows }
    }

    fn exchange(&mut self, field: &mut Field<f64, 3>) {
        let size = self.outgoing[0].len();
        // What comes from beyond a side was packed at the opposite side there.
        let receive =
            |face: usize| self.comm.immediate_receive(size, self.ranks[face / 2][face % 2], (face ^ 1) as u16);
        let receives: Vec<Pending<f64>> = (0..6).map(receive).collect();
        let mut sends = Vec::new();
        for (face, mut buffer) in self.outgoing.drain(..).enumerate() {
            pack(&self.rows[face][0], field.values(), &mut buffer);
            sends.push(self.comm.immediate_send(buffer, self.ranks[face / 2][face % 2], face as u16));
        }
        for (face, pending) in receives.into_iter().enumerate() {
            unpack(&self.rows[face][1], &pending.wait(), field.values_mut());
        }
        self.outgoing.extend(sends.into_iter().map(Pending::wait));
    }
}

/// The rows of a face's layers, within the block or in the halo.
struct Rows {
    width: usize,
    starts: Vec<usize>,
}

impl Rows {
    fn of(field: &Field<f64, 3>, face: usize, halo: bool) -> Self {
        let cells = CELLS as isize;
        let width = WIDTH as isize;
        let layers = match (face % 2, halo) {
            (0, false) => 0..width,
            (1, false) => cells - width..cells,
            (0, true) => -width..0,
            _ => cells..cells + width,
        };
        let mut ranges = [0..cells, 0..cells, 0..cells];
        ranges[face / 2] = layers;
        let [x, y, z] = ranges;
        let first = x.start;
        let layer = move |k| y.clone().map(move |j| (j, k));
        let rows = (0..COMPONENTS).flat_map(|c| z.clone().flat_map(layer.clone()).map(move |(j, k)| (c, j, k)));
        let starts = rows.map(|(c, j, k)| field.index(c, [first, j, k])).collect();
        Rows { width: x.len(), starts }
    }
}

/// Packs rows one after another.
fn pack(rows: &Rows, values: &[f64], buffer: &mut [f64]) {
    let rows_of_buffer = rows.starts.iter().zip(buffer.chunks_exact_mut(rows.width));
    match rows.width {
        WIDTH => rows_of_buffer.for_each(|(&start, row)| (0..WIDTH).for_each(|i| row[i] = values[start + i])),
        width => rows_of_buffer.for_each(|(&start, row)| row.copy_from_slice(&values[start..start + width])),
    }
}

/// The reverse of [`pack`].
fn unpack(rows: &Rows, buffer: &[f64], values: &mut [f64]) {
    let rows_of_buffer = rows.starts.iter().zip(buffer.chunks_exact(rows.width));
    match rows.width {
        WIDTH => rows_of_buffer.for_each(|(&start, row)| (0..WIDTH).for_each(|i| values[start + i] = row[i])),
        width => rows_of_buffer.for_each(|(&start, row)| values[start..start + width].copy_from_slice(row)),
    }
}
