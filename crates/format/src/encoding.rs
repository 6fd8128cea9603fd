//! Which encoding a text file has, and text in and out of it.
//!
//! Detection reads the whole file once, in constant memory: byte order mark, then UTF-8, then the legacy Chinese
//! encodings. GB18030 stands for GB 2312 and GBK, which it contains.

use crate::error::{FormatError, Problem, name_of};
use crate::source::{self, Bytes};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

/// In the Latin encoding letters with accents begin here.
const LATIN_LETTERS_FROM: u8 = 0xc0;
/// Fewer letters with accents prove nothing.
const LATIN_RUNS_MIN: u32 = 5;
/// Bytes looked at when it is not UTF-8.
const SAMPLE_BYTES: usize = 1 << 20;
/// So many bytes beyond ASCII that are valid UTF-8 are UTF-8: in GB18030 that happens by chance once in a million.
const UTF8_PROOF_BYTES: usize = 12;

/// The encoding of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextEncoding {
    /// The encoding itself.
    pub(crate) encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub(crate) mark_bytes: usize,
}

/// The encoding by its configured name, or detected.
pub(crate) fn choose(path: &Path, configured: Option<&str>) -> Result<TextEncoding, FormatError> {
    let Some(label) = configured else { return detect(path) };
    let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        FormatError::new(
            &name_of(path),
            Problem::Encoding,
            format!("{label} is no encoding"),
            "name one of the WHATWG encodings, such as `gb18030` or `utf-8`, or leave it out to detect it",
        )
    })?;
    // A file that is declared GBK may hold what only GB18030 can; reading is the same, and writing must not lose it.
    let encoding = if encoding == GBK { GB18030 } else { encoding };
    Ok(TextEncoding { encoding, mark_bytes: mark(encoding, &head(path)?) })
}

fn mark(encoding: &'static Encoding, head: &[u8]) -> usize {
    match Encoding::for_bom(head) {
        Some((marked, length)) if marked == encoding => length,
        _ if encoding == GB18030 && head.starts_with(&[0x84, 0x31, 0x95, 0x33]) => 4,
        _ => 0,
    }
}

fn head(path: &Path) -> Result<Vec<u8>, FormatError> {
    let mut head = Vec::new();
    source::open(path)?
        .take(4)
        .read_to_end(&mut head)
        .map_err(|cause| FormatError::io(&name_of(path), cause))?;
    Ok(head)
}

fn detect(path: &Path) -> Result<TextEncoding, FormatError> {
    let head = head(path)?;
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(&head) {
        return Ok(TextEncoding { encoding, mark_bytes });
    }
    if mark(GB18030, &head) > 0 {
        return Ok(TextEncoding { encoding: GB18030, mark_bytes: 4 });
    }
    // A file that breaks off is still read to there: the reader itself tells of the end.
    let (good, bad) = utf8_lines(source::open(path)?);
    let encoding = if bad == 0 || good > bad { UTF_8 } else { legacy(path)? };
    Ok(TextEncoding { encoding, mark_bytes: 0 })
}

/// How many lines beyond ASCII are UTF-8, and how many are not.
fn utf8_lines(source: Bytes) -> (u64, u64) {
    let mut window = source::Window::new(source);
    let (mut good, mut bad) = (0, 0);
    while !window.load(1).unwrap_or_default().is_empty() {
        let mut length = 0;
        loop {
            let loaded = window.loaded();
            let rest = loaded.get(length..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                length += at + 1;
                break;
            }
            length = loaded.len();
            // A line without end is judged in pieces; a character cut at the seam counts as one bad piece at most.
            if length >= SAMPLE_BYTES || !window.grow().unwrap_or(false) {
                break;
            }
        }
        let line = window.loaded().get(..length).unwrap_or_default();
        if !line.is_ascii() {
            match std::str::from_utf8(line) {
                Ok(_) => good += 1,
                Err(_) => bad += 1,
            }
        }
        window.consume(length);
    }
    (good, bad)
}

fn legacy(path: &Path) -> Result<&'static Encoding, FormatError> {
    let mut sample = Vec::new();
    let limit = u64::try_from(SAMPLE_BYTES).unwrap_or(u64::MAX);
    if source::open(path)?.take(limit).read_to_end(&mut sample).is_err() {
        // Packed data that breaks off: what came before it is sample enough, and the reader reports the rest.
    }
    if is_latin(&sample) {
        return Ok(WINDOWS_1252);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, false);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    if guess == BIG5 && faults(GB18030, &sample) > faults(BIG5, &sample) { Ok(BIG5) } else { Ok(GB18030) }
}

/// Whether most bytes beyond ASCII are Latin letters that stand alone between ASCII ones: Chinese text has them in pairs.
fn is_latin(sample: &[u8]) -> bool {
    let (mut runs, mut alone) = (0, 0);
    for run in sample.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        match run {
            [byte] if *byte >= LATIN_LETTERS_FROM => {
                runs += 1;
                alone += 1;
            }
            [byte, ..] if !byte.is_ascii() => runs += 1,
            _ => {}
        }
    }
    runs >= LATIN_RUNS_MIN && alone * 10 > runs * 9
}

fn faults(encoding: &'static Encoding, sample: &[u8]) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    text.chars().filter(|letter| *letter == char::REPLACEMENT_CHARACTER).count()
}

/// The text, or `None` where the bytes are not text in this encoding.
pub(crate) fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    if encoding == UTF_8 {
        return std::str::from_utf8(bytes).ok().map(str::to_owned);
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
}

/// Whether a row of a file in a legacy encoding is in truth UTF-8, which would decode to other characters unseen.
pub(crate) fn is_stray_utf8(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    encoding != UTF_8
        && !is_wide(encoding)
        && bytes.iter().filter(|byte| !byte.is_ascii()).count() >= UTF8_PROOF_BYTES
        && std::str::from_utf8(bytes).is_ok()
}

/// The bytes of a text, or `None` where the encoding cannot hold it.
pub(crate) fn encode(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    if encoding == UTF_16LE {
        return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let (bytes, _, lossy) = encoding.encode(text);
    (!lossy).then(|| bytes.into_owned())
}

/// Whether the structure of a file can be read from its bytes: ASCII stands for itself and nothing else.
pub(crate) fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// The stream as UTF-8. For encodings whose structure cannot be read from the bytes.
pub(crate) fn transcode(source: Bytes, encoding: &'static Encoding) -> Bytes {
    Box::new(Transcoder {
        source,
        decoder: encoding.new_decoder_without_bom_handling(),
        ready: Vec::new(),
        at: 0,
        ended: false,
    })
}

struct Transcoder {
    source: Bytes,
    decoder: encoding_rs::Decoder,
    ready: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Transcoder {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.ready.len() && !self.ended {
            let mut piece = vec![0; 1 << 14];
            let count = self.source.read(&mut piece)?;
            self.ended = count == 0;
            let piece = piece.get(..count).unwrap_or_default();
            let room = self.decoder.max_utf8_buffer_length(count).unwrap_or(1 << 16);
            let mut text = String::with_capacity(room);
            let (_, _, _) = self.decoder.decode_to_string(piece, &mut text, self.ended);
            self.ready = text.into_bytes();
            self.at = 0;
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let count = rest.len().min(target.len());
        if let (Some(to), Some(from)) = (target.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
