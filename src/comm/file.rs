//! One file that all ranks write, each its own parts of it: MPI-IO (MPI 4.0, chapter 14).
//!
//! In order: a rank makes the file; all ranks open it; each writes where it likes, without waiting for others; all ranks close it.
//! MPI-IO returns its errors (MPI 4.0, 14.7), unlike the rest of MPI, so a full disk is an error of the rank that met it.
//!
//! Left out: writing together in one call, since parts here are large and lie one after another; views; reading.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mpi::ffi;
use mpi::raw::AsRaw;

use super::Comm;
use crate::{Error, Result};

/// Bytes that one call writes: MPI counts them in 32 bits.
const MOST: usize = 1 << 30;
/// Open MPI 4.1 adds to a name for a file of its own, and ends the process where the two together pass some 250 bytes.
const LONGEST_NAME: usize = 200;

/// A file that all ranks of a communicator have open to write it. Dropped without [`close`](SharedFile::close) it stays open: closing
/// needs all ranks, and a destructor may be alone.
pub(crate) struct SharedFile {
    raw: ffi::MPI_File,
    path: PathBuf,
}

impl SharedFile {
    /// Whether MPI-IO can be given a name of this length.
    pub(crate) fn takes(path: &Path) -> bool {
        path.as_os_str().len() <= LONGEST_NAME
    }

    /// Opens a file that is there already. All ranks (MPI 4.0, 14.2.1).
    ///
    /// # Errors
    /// On all ranks, when one of them can't open it.
    pub(crate) fn open(comm: &Comm, path: &Path) -> Result<Self> {
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::file(path, "a name with a zero"))?;
        let mut raw = MaybeUninit::uninit();
        let mode = ffi::MPI_MODE_WRONLY as c_int;
        // SAFETY: the name is a C string; the call fills the handle where it succeeds.
        let code = unsafe {
            let hints = ffi::RSMPI_INFO_NULL;
            ffi::MPI_File_open(comm.messages().as_raw(), name.as_ptr(), mode, hints, raw.as_mut_ptr())
        };
        comm.agree(check(path, "open", code))?;
        // SAFETY: the call succeeded, so it filled the handle.
        let raw = unsafe { raw.assume_init() };
        Ok(SharedFile { raw, path: path.to_owned() })
    }

    /// Writes bytes at a place of the file, without other ranks (MPI 4.0, 14.4.2).
    ///
    /// # Errors
    /// When not all of them could be written.
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut offset = offset as ffi::MPI_Offset;
        for part in bytes.chunks(MOST) {
            self.write_part(offset, part)?;
            offset += part.len() as ffi::MPI_Offset;
        }
        Ok(())
    }

    fn write_part(&self, offset: ffi::MPI_Offset, part: &[u8]) -> Result<()> {
        let mut status = MaybeUninit::zeroed();
        let mut written: ffi::MPI_Count = 0;
        // SAFETY: the file is open, the buffer readable for the whole call, and the status that of this write.
        let code = unsafe {
            let byte = ffi::RSMPI_UINT8_T;
            let count = part.len() as c_int;
            let code = ffi::MPI_File_write_at(self.raw, offset, part.as_ptr().cast(), count, byte, status.as_mut_ptr());
            ffi::MPI_Get_elements_x(status.as_ptr(), byte, &mut written);
            code
        };
        check(&self.path, "write", code)?;
        if written as usize == part.len() {
            return Ok(());
        }
        Err(Error::file(&self.path, format!("{written} of {} bytes could be written: is the disk full?", part.len())))
    }

    /// Ends it. All ranks (MPI 4.0, 14.2.2).
    ///
    /// # Errors
    /// When what was written could not all be handed on.
    pub(crate) fn close(mut self) -> Result<()> {
        // SAFETY: the file is open, and closed once.
        let code = unsafe { ffi::MPI_File_close(&mut self.raw) };
        check(&self.path, "close", code)
    }
}

/// MPI-IO's error as ours.
fn check(path: &Path, action: &str, code: c_int) -> Result<()> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    let mut text = vec![0u8; ffi::MPI_MAX_ERROR_STRING as usize];
    let mut length = 0;
    // SAFETY: the buffer has the size that the standard asks for.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast(), &mut length) };
    let text = String::from_utf8_lossy(&text[..length as usize]).into_owned();
    Err(Error::file(path, format!("MPI-IO can't {action} it: {text}: is the disk full?")))
}
