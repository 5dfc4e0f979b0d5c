//! The MPI calls that `mpi` (rsmpi) lacks or gives only for borrowed buffers: everything `unsafe` in this crate's messages.
//!
//! Sizes are in bytes and may exceed 2^31: a large message is described by one derived datatype (MPI 4.0, 5.1).
//! MPI's default error handler ends the job on any failure, so return codes carry nothing here.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::raw::{c_int, c_void};

use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::waiting::{Waiting, look_until};

/// A raw non-blocking operation.
pub(super) type Request = ffi::MPI_Request;

/// Bytes in one block of a large message.
const BLOCK: usize = 1 << 20;

/// How `bytes` bytes are described to MPI: a count of a datatype, freed on drop if we made it.
struct Layout {
    datatype: ffi::MPI_Datatype,
    count: c_int,
    owned: bool,
}

impl Layout {
    fn of(bytes: usize) -> Self {
        // SAFETY: RSMPI_UINT8_T is a constant of the MPI library.
        let byte = unsafe { ffi::RSMPI_UINT8_T };
        match c_int::try_from(bytes) {
            Ok(count) => Layout { datatype: byte, count, owned: false },
            Err(_) => Layout { datatype: large(byte, bytes), count: 1, owned: true },
        }
    }
}

/// One datatype that spans `bytes` bytes: whole blocks, then the rest.
fn large(byte: ffi::MPI_Datatype, bytes: usize) -> ffi::MPI_Datatype {
    let blocks = c_int::try_from(bytes / BLOCK).expect("a message of less than 2^51 bytes");
    let mut block = byte;
    let mut whole = byte;
    // SAFETY: all arrays have the two entries that the call reads; the datatypes made on the way are freed once.
    unsafe {
        ffi::MPI_Type_contiguous(BLOCK as c_int, byte, &mut block);
        let counts = [blocks, (bytes % BLOCK) as c_int];
        let offsets = [0, (bytes - bytes % BLOCK) as ffi::MPI_Aint];
        let types = [block, byte];
        ffi::MPI_Type_create_struct(2, counts.as_ptr(), offsets.as_ptr(), types.as_ptr(), &mut whole);
        ffi::MPI_Type_commit(&mut whole);
        ffi::MPI_Type_free(&mut block);
    }
    whole
}

impl Drop for Layout {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: the datatype was made in `large`; MPI keeps it alive for operations under way (MPI 4.0, 5.1.9).
            unsafe { ffi::MPI_Type_free(&mut self.datatype) };
        }
    }
}

/// Sends a buffer; returns when it may be reused.
pub(super) fn send(comm: &SimpleCommunicator, buffer: &[u8], to: usize, tag: c_int, waiting: Waiting) {
    if waiting == Waiting::Outside {
        // SAFETY: the buffer is borrowed until the request is complete.
        let mut request = unsafe { start_send(comm, buffer, to, tag) };
        return wait(&mut request, waiting);
    }
    let layout = Layout::of(buffer.len());
    // SAFETY: the buffer is readable for the whole call, which returns only when it may be reused.
    unsafe { ffi::MPI_Send(buffer.as_ptr().cast(), layout.count, layout.datatype, to as c_int, tag, comm.as_raw()) };
}

/// Receives into a buffer of exactly the message's size.
pub(super) fn receive(comm: &SimpleCommunicator, buffer: &mut [u8], from: usize, tag: c_int, waiting: Waiting) {
    if waiting == Waiting::Outside {
        // SAFETY: the buffer is borrowed until the request is complete.
        let mut request = unsafe { start_receive(comm, buffer, from, tag) };
        return wait(&mut request, waiting);
    }
    let layout = Layout::of(buffer.len());
    // SAFETY: the buffer is writable for the whole call; a longer message is an MPI error, which ends the job.
    unsafe {
        let mut status = MaybeUninit::uninit();
        let target = buffer.as_mut_ptr().cast();
        ffi::MPI_Recv(target, layout.count, layout.datatype, from as c_int, tag, comm.as_raw(), status.as_mut_ptr());
    }
}

/// Waits for a message from `from` (any rank if `None`) and returns its source and size in bytes.
pub(super) fn probe(comm: &SimpleCommunicator, from: Option<usize>, tag: c_int, waiting: Waiting) -> (usize, usize) {
    // SAFETY: a constant of the MPI library.
    let from = from.map_or(unsafe { ffi::RSMPI_ANY_SOURCE }, |rank| rank as c_int);
    let status = match waiting {
        Waiting::Inside => wait_for_message(comm, from, tag),
        Waiting::Outside => look_until(|| look_for_message(comm, from, tag)),
    };
    let mut bytes: ffi::MPI_Count = 0;
    // SAFETY: the status is that of a message; the call fills the count.
    unsafe { ffi::MPI_Get_elements_x(&status, ffi::RSMPI_UINT8_T, &mut bytes) };
    (status.MPI_SOURCE as usize, bytes as usize)
}

fn wait_for_message(comm: &SimpleCommunicator, from: c_int, tag: c_int) -> ffi::MPI_Status {
    // SAFETY: MPI_Probe fills the status.
    unsafe {
        let mut status = MaybeUninit::uninit();
        ffi::MPI_Probe(from, tag, comm.as_raw(), status.as_mut_ptr());
        status.assume_init()
    }
}

/// A message that is there already; drives communication along.
fn look_for_message(comm: &SimpleCommunicator, from: c_int, tag: c_int) -> Option<ffi::MPI_Status> {
    let mut found = 0;
    // SAFETY: MPI_Iprobe writes the flag, and the status where it finds a message, and takes no message.
    unsafe {
        let mut status = MaybeUninit::uninit();
        ffi::MPI_Iprobe(from, tag, comm.as_raw(), &mut found, status.as_mut_ptr());
        (found != 0).then(|| status.assume_init())
    }
}

/// Broadcasts a buffer from `root`; returns when it may be reused.
pub(super) fn broadcast(comm: &SimpleCommunicator, buffer: &mut [u8], root: usize, waiting: Waiting) {
    if waiting == Waiting::Outside {
        // SAFETY: the buffer is borrowed until the request is complete, and as long on every rank, which the caller promises.
        let mut request = unsafe { start_broadcast(comm, buffer, root) };
        return wait(&mut request, waiting);
    }
    let layout = Layout::of(buffer.len());
    // SAFETY: the buffer is writable for the whole call and as long on every rank, which the caller promises.
    unsafe { ffi::MPI_Bcast(buffer.as_mut_ptr().cast(), layout.count, layout.datatype, root as c_int, comm.as_raw()) };
}

/// Starts a send.
///
/// # Safety
/// `buffer` must stay valid and unchanged until the request is complete.
pub(super) unsafe fn start_send(comm: &SimpleCommunicator, buffer: &[u8], to: usize, tag: c_int) -> Request {
    let layout = Layout::of(buffer.len());
    let mut request = MaybeUninit::uninit();
    let source: *const c_void = buffer.as_ptr().cast();
    // SAFETY: the caller keeps the buffer; MPI_Isend fills the request.
    unsafe {
        let to = to as c_int;
        let raw = comm.as_raw();
        ffi::MPI_Isend(source, layout.count, layout.datatype, to, tag, raw, request.as_mut_ptr());
        request.assume_init()
    }
}

/// Starts a receive.
///
/// # Safety
/// `buffer` must stay valid and untouched until the request is complete.
pub(super) unsafe fn start_receive(comm: &SimpleCommunicator, buffer: &mut [u8], from: usize, tag: c_int) -> Request {
    let layout = Layout::of(buffer.len());
    let mut request = MaybeUninit::uninit();
    let target: *mut c_void = buffer.as_mut_ptr().cast();
    // SAFETY: the caller keeps the buffer; MPI_Irecv fills the request.
    unsafe {
        let from = from as c_int;
        let raw = comm.as_raw();
        ffi::MPI_Irecv(target, layout.count, layout.datatype, from, tag, raw, request.as_mut_ptr());
        request.assume_init()
    }
}

/// Starts a broadcast.
///
/// # Safety
/// `buffer` must stay valid and untouched until the request is complete, and be as long on every rank.
pub(super) unsafe fn start_broadcast(comm: &SimpleCommunicator, buffer: &mut [u8], root: usize) -> Request {
    let layout = Layout::of(buffer.len());
    let mut request = MaybeUninit::uninit();
    let target: *mut c_void = buffer.as_mut_ptr().cast();
    // SAFETY: the caller keeps the buffer; MPI_Ibcast fills the request.
    unsafe {
        let root = root as c_int;
        let raw = comm.as_raw();
        ffi::MPI_Ibcast(target, layout.count, layout.datatype, root, raw, request.as_mut_ptr());
        request.assume_init()
    }
}

/// A minimum over all ranks of one integer, under way; leaked whole if nobody sees its end.
pub(super) struct Minimum {
    /// The value that this rank gives, and the result.
    numbers: *mut [i64; 2],
    request: Request,
}

impl Minimum {
    /// Starts it with this rank's `value`.
    pub(super) fn start(comm: &SimpleCommunicator, value: i64) -> Self {
        let numbers = Box::into_raw(Box::new([value, 0]));
        let mut request = MaybeUninit::uninit();
        // SAFETY: both numbers live until `test` has seen the end; MPI_Iallreduce fills the request.
        unsafe {
            let source: *const i64 = numbers.cast();
            let target = numbers.cast::<i64>().add(1);
            let kind = ffi::RSMPI_INT64_T;
            let operation = ffi::RSMPI_MIN;
            let raw = comm.as_raw();
            ffi::MPI_Iallreduce(source.cast(), target.cast(), 1, kind, operation, raw, request.as_mut_ptr());
            Minimum { numbers, request: request.assume_init() }
        }
    }

    /// The minimum, once all ranks have started theirs; call it no more after that.
    pub(super) fn test(&mut self) -> Option<i64> {
        if !test(&mut self.request) {
            return None;
        }
        // SAFETY: the operation is complete, so the box is this rank's alone again; it is taken back once.
        let numbers = unsafe { Box::from_raw(self.numbers) };
        Some(numbers[1])
    }
}

/// Waits until a request is complete.
pub(super) fn wait(request: &mut Request, waiting: Waiting) {
    if waiting == Waiting::Outside {
        return look_until(|| test(request).then_some(()));
    }
    // SAFETY: the request is live or null; MPI sets it to null.
    unsafe {
        let mut status = MaybeUninit::uninit();
        ffi::MPI_Wait(request, status.as_mut_ptr());
    }
}

/// Whether a request is complete; drives communication along.
pub(super) fn test(request: &mut Request) -> bool {
    let mut done = 0;
    // SAFETY: the request is live or null; MPI sets a complete one to null.
    unsafe {
        let mut status = MaybeUninit::uninit();
        ffi::MPI_Test(request, &mut done, status.as_mut_ptr());
    }
    done != 0
}

/// Waits until any of the requests is complete and returns which.
pub(super) fn wait_any(requests: &mut [Request], waiting: Waiting) -> usize {
    if waiting == Waiting::Outside {
        return look_until(|| requests.iter_mut().position(test));
    }
    let mut index = 0;
    // SAFETY: the slice holds live requests; MPI sets the complete one to null.
    unsafe {
        let mut status = MaybeUninit::uninit();
        ffi::MPI_Waitany(requests.len() as c_int, requests.as_mut_ptr(), &mut index, status.as_mut_ptr());
    }
    index as usize
}

/// Drives all communication of this rank along, without waiting.
pub(super) fn drive(comm: &SimpleCommunicator) {
    // SAFETY: constants of the MPI library.
    let (source, tag) = unsafe { (ffi::RSMPI_ANY_SOURCE, ffi::RSMPI_ANY_TAG) };
    look_for_message(comm, source, tag);
}

/// Memory that the ranks of a node share, a segment of each rank's own choice of size.
pub(super) struct SharedMemory(ffi::MPI_Win);

impl SharedMemory {
    /// `bytes` bytes for this rank. All ranks of `node`, which must share memory (MPI 4.0, 12.2.3).
    pub(super) fn allocate(node: &SimpleCommunicator, bytes: usize) -> Self {
        let mut window = MaybeUninit::uninit();
        let mut base: *mut c_void = std::ptr::null_mut();
        let info = Info::create();
        // Each rank's segment may lie where that rank's memory is near.
        info.set("alloc_shared_noncontig", "true");
        // SAFETY: the info is live for the length of the call, which fills base and window.
        unsafe {
            let size = bytes as ffi::MPI_Aint;
            let base = (&raw mut base).cast();
            ffi::MPI_Win_allocate_shared(size, 1, info.0, node.as_raw(), base, window.as_mut_ptr());
            SharedMemory(window.assume_init())
        }
    }

    /// Where the segment of a rank of the node begins in this process; it lives until `free`.
    pub(super) fn segment(&self, rank: usize) -> *mut u8 {
        let (mut size, mut unit, mut base): (ffi::MPI_Aint, c_int, *mut c_void) = (0, 0, std::ptr::null_mut());
        // SAFETY: the window is live; the call fills the three.
        unsafe {
            ffi::MPI_Win_shared_query(self.0, rank as c_int, &mut size, &mut unit, (&raw mut base).cast());
        }
        base.cast()
    }

    /// Gives the memory back. All ranks of the node, in the same order for several.
    ///
    /// # Safety
    /// No pointer to a segment may be used after it.
    pub(super) unsafe fn free(mut self) {
        // SAFETY: the window is live, and the caller is done with its memory.
        unsafe { ffi::MPI_Win_free(&mut self.0) };
    }
}

/// The longest name and value of a hint, bytes.
pub(super) const LONGEST_KEY: usize = ffi::MPI_MAX_INFO_KEY as usize - 1;
pub(super) const LONGEST_VALUE: usize = ffi::MPI_MAX_INFO_VAL as usize - 1;

/// Pairs of texts (MPI 4.0, chapter 10), freed on drop.
pub(super) struct Info(ffi::MPI_Info);

impl Info {
    /// None yet.
    pub(super) fn create() -> Self {
        let mut info = MaybeUninit::uninit();
        // SAFETY: the call fills the handle.
        unsafe {
            ffi::MPI_Info_create(info.as_mut_ptr());
            Info(info.assume_init())
        }
    }

    /// Adds a pair; neither text may have a zero in it.
    pub(super) fn set(&self, key: &str, value: &str) {
        let [key, value] = [key, value].map(|text| CString::new(text).expect("a text without zeros"));
        // SAFETY: the handle is live, and both are C strings, which MPI copies.
        unsafe { ffi::MPI_Info_set(self.0, key.as_ptr(), value.as_ptr()) };
    }
}

/// Hints as MPI-IO uses them.
#[cfg(feature = "parallel-hdf5")]
impl Info {
    /// A copy of those that an open file has.
    pub(super) fn of_file(file: ffi::MPI_File) -> Self {
        let mut info = MaybeUninit::uninit();
        // SAFETY: the caller's file is open; the call fills the handle, which is ours to free (MPI 4.0, 14.2.8).
        unsafe {
            ffi::MPI_File_get_info(file, info.as_mut_ptr());
            Info(info.assume_init())
        }
    }

    /// All pairs.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mut count = 0;
        // SAFETY: the handle is live; the call fills the count.
        unsafe { ffi::MPI_Info_get_nkeys(self.0, &mut count) };
        (0..count).map(|index| self.pair(index)).collect()
    }

    fn pair(&self, index: c_int) -> (String, String) {
        let mut key = [0u8; LONGEST_KEY + 1];
        let mut value = [0u8; LONGEST_VALUE + 1];
        let mut found = 0;
        // SAFETY: the handle is live, `index` below its count; both buffers have the size that the standard asks for.
        unsafe {
            ffi::MPI_Info_get_nthkey(self.0, index, key.as_mut_ptr().cast());
            let key = key.as_ptr().cast();
            let value = value.as_mut_ptr().cast();
            ffi::MPI_Info_get(self.0, key, LONGEST_VALUE as c_int, value, &mut found);
        }
        (text(&key), text(&value))
    }

    pub(super) fn raw(&self) -> ffi::MPI_Info {
        self.0
    }
}

impl Drop for Info {
    fn drop(&mut self) {
        // SAFETY: the handle is live and freed once.
        unsafe { ffi::MPI_Info_free(&mut self.0) };
    }
}

/// The text before the first zero.
#[cfg(feature = "parallel-hdf5")]
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// What this process does at the signal USR1.
pub(super) struct AtUsr1(libc::sigaction);

impl AtUsr1 {
    pub(super) fn now() -> Self {
        let mut action = MaybeUninit::uninit();
        // SAFETY: the call changes nothing and fills the action.
        unsafe {
            libc::sigaction(libc::SIGUSR1, std::ptr::null(), action.as_mut_ptr());
            AtUsr1(action.assume_init())
        }
    }

    /// Makes it so again.
    pub(super) fn restore(&self) {
        // SAFETY: the action was in force before, and the signal is one that exists.
        unsafe { libc::sigaction(libc::SIGUSR1, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// The name and version of the MPI library, without starting MPI.
pub(super) fn library_version() -> String {
    let mut text = vec![0u8; ffi::MPI_MAX_LIBRARY_VERSION_STRING as usize];
    let mut length = 0;
    // SAFETY: the buffer has the size that the standard asks for; the call is allowed before MPI_Init (MPI 4.0, 9.1.1).
    unsafe { ffi::MPI_Get_library_version(text.as_mut_ptr().cast(), &mut length) };
    String::from_utf8_lossy(&text[..length as usize]).trim_end_matches('\0').to_owned()
}
