//! The bytes of a file as text, and a text's lines.

use super::Unreadable;

/// Files that hold no text, by their first bytes: what they are and what to do.
const PACKED: [(&[u8], &str); 8] = [
    (b"\x1f\x8b", "packed by gzip: unpack it by `gunzip`"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet: unpack it, or save it as CSV"),
    (b"BZh", "packed by bzip2: unpack it by `bunzip2`"),
    (b"\xfd7zXZ\0", "packed by xz: unpack it by `unxz`"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd: unpack it by `unzstd`"),
    (b"\x89HDF", "an HDF5 file: write its table as CSV"),
    (b"SIMPLE  =", "a FITS file: write its table as CSV"),
    (b"<?xml", "XML, a VOTable perhaps: save its table as CSV"),
];

/// The text that a file's bytes are.
///
/// # Errors
/// Packed files, other encodings than UTF-8, and the first line that is none.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Unreadable> {
    let whole = |reason: String| Unreadable { line: None, reason };
    if let Some((_, what)) = PACKED.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        return Err(whole(format!("is {what}")));
    }
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_wide || bytes.contains(&0) {
        let what = if is_wide { "UTF-16 text" } else { "no text, or UTF-16 without its mark: it holds bytes of zero" };
        return Err(whole(format!("is {what}: save it as UTF-8 (`iconv -f UTF-16 -t UTF-8`)")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let end = if error.as_bytes().contains(&b'\n') { b'\n' } else { b'\r' };
        let line = 1 + good.iter().filter(|&&byte| byte == end).count() as u64;
        let reason = "this line is not UTF-8 text: save the file as UTF-8 (of Latin-1: `iconv -f LATIN1 -t UTF-8`)";
        Unreadable { line: Some(line), reason: reason.to_owned() }
    })
}

/// The lines that are neither blank nor comments, with their numbers.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Files of old systems end lines by a carriage return alone; elsewhere it is a blank before the end.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = (1..).zip(text.split(end).map(|line| line.trim_end_matches('\r')));
    lines.filter(|(_, line)| !line.trim_start().starts_with('#') && !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UTF-16 of both kinds and without its mark, Latin-1, each packed kind; what is right stays as it is.
    #[test]
    fn bytes_that_are_no_text_are_told() {
        let told = |bytes: &[u8]| text(bytes.to_vec()).unwrap_err();
        let wide: Vec<u8> = "é,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(told(&[b"\xff\xfe", &wide[..]].concat()).reason.starts_with("is UTF-16 text: save it as UTF-8"));
        assert!(told(b"\xfe\xff\0a").reason.starts_with("is UTF-16 text"));
        assert!(told(b"a\0,\0b\0").reason.contains("bytes of zero"));
        let latin = told(b"a,b\n1,2\n\xe9,3\n");
        assert!(latin.line == Some(3) && latin.reason.starts_with("this line is not UTF-8 text"), "{latin:?}");
        assert_eq!(told(b"a\r\xe9\r").line, Some(2));
        for (sign, what) in PACKED {
            let wrong = told(&[sign, b" and more"].concat());
            assert!(wrong.line.is_none() && wrong.reason == format!("is {what}"), "{wrong:?}");
        }
        assert_eq!(text("é,b\n".as_bytes().to_vec()).unwrap(), "é,b\n");
    }
}
