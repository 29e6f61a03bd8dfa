//! Records out of a file that comes in pieces.
//!
//! A record is only believed when a byte behind it is there, or the file's end: what a piece cuts off is
//! read again with the next one. So what comes out does not depend on where the pieces end.

use csv::{ByteRecord, ReaderBuilder};

use super::column::{Column, Header, HeaderError};

/// The longest record, in bytes. A quotation mark that is never closed makes one of the rest of the file.
pub const LONGEST_RECORD: usize = 64 * 1024;
/// A chunk is full with so many rows or bytes; then it ends with the product that it is at.
const CHUNK: Bound = Bound {
    rows: 500,
    bytes: 512 * 1024,
};
/// So much it holds at most, even of one product.
const LARGEST_CHUNK: Bound = Bound {
    rows: 2_000,
    bytes: 4 * 1024 * 1024,
};

struct Bound {
    rows: usize,
    bytes: usize,
}

impl Bound {
    const fn reached(&self, rows: usize, bytes: usize) -> bool {
        rows >= self.rows || bytes >= self.bytes
    }
}

/// Where in a file reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// The number of the line that begins here, the first being 1.
    pub line: u64,
}

impl Place {
    /// The beginning.
    pub const START: Self = Self { offset: 0, line: 1 };
}

/// A line of a file (or several, where a cell has line breaks) that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line that it begins on.
    pub line: u64,
    /// Its cells as they came.
    pub cells: ByteRecord,
}

/// Records that are worked in one transaction: whole products, as long as they are not excessive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// At least one.
    pub records: Vec<Record>,
    /// Where the next chunk begins.
    pub next: Place,
}

/// What a window has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The next records.
    Chunk(Chunk),
    /// Nothing whole: the next piece of the file is needed.
    NeedsMore,
    /// Nothing more: the file is at its end.
    End,
}

/// A record that is longer than [`LONGEST_RECORD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is longer than 64 KiB; perhaps a quotation mark in it is never closed")]
pub struct TooLong {
    /// Where it begins.
    pub line: u64,
}

/// The part of a file between what is worked and what is not yet here.
#[derive(Debug)]
pub struct Window {
    bytes: Vec<u8>,
    start: Place,
    total: u64,
}

impl Window {
    /// An empty window at a place of a file of so many bytes.
    #[must_use]
    pub const fn new(start: Place, total: u64) -> Self {
        Self {
            bytes: Vec::new(),
            start,
            total,
        }
    }

    /// Where the next chunk begins.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.start
    }

    /// Whether everything up to the file's end is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wants() >= self.total
    }

    /// Where the next piece begins.
    #[must_use]
    pub fn wants(&self) -> u64 {
        self.start.offset.saturating_add(length(&self.bytes))
    }

    /// Appends the next piece.
    pub fn extend(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// Reads the first line; none if more of the file is needed for that.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn take_header(&mut self) -> Result<Option<Header>, HeaderError> {
        let marked = usize::from(self.bytes.starts_with(b"\xEF\xBB\xBF")) * 3;
        let from = skip_line_breaks(&self.bytes, marked);
        let candidates = [b',', b';', b'\t'].map(|separator| self.first_record(from, separator));
        let [Some(commas), Some(semicolons), Some(tabs)] = candidates else {
            return if self.is_whole() {
                Err(HeaderError::Empty)
            } else {
                Ok(None)
            };
        };
        let best = [commas, semicolons, tabs]
            .into_iter()
            .rev()
            .max_by_key(known);
        let Some(First {
            separator,
            cells,
            end,
        }) = best
        else {
            return Err(HeaderError::Empty);
        };
        let cells = text(&cells).ok_or(HeaderError::NotUtf8)?;
        let header = Header::read(separator, cells)?;
        self.drop_blank(skip_line_breaks(&self.bytes, end));
        Ok(Some(header))
    }

    fn first_record(&self, from: usize, separator: u8) -> Option<First> {
        let rest = self.bytes.get(from..)?;
        let (mut reader, mut cells) = (reader(rest, separator), ByteRecord::new());
        let read = reader.read_byte_record(&mut cells).unwrap_or(false);
        let end = from + position(&reader);
        let whole = end < self.bytes.len() || self.is_whole() || rest.len() > LONGEST_RECORD;
        (read && whole).then_some(First {
            separator,
            cells,
            end,
        })
    }

    /// Takes the next records.
    ///
    /// # Errors
    /// [`TooLong`]; the records before it came with the chunks before.
    pub fn take_chunk(&mut self, header: &Header) -> Result<Found, TooLong> {
        let gathered = Gathering::new(self, header).gather()?;
        let Gathered {
            records,
            until,
            line,
            ended,
        } = gathered;
        if records.is_empty() {
            self.drop_blank(until);
            return Ok(if ended && self.is_whole() {
                Found::End
            } else {
                Found::NeedsMore
            });
        }
        if !ended {
            self.drop_until(until);
            return Ok(Found::Chunk(Chunk {
                records,
                next: self.start,
            }));
        }
        if !self.is_whole() {
            return Ok(Found::NeedsMore);
        }
        self.bytes.clear();
        self.start = Place {
            offset: self.total,
            line,
        };
        Ok(Found::Chunk(Chunk {
            records,
            next: self.start,
        }))
    }

    /// Lets what is empty go, so that a file of nothing is not held. A carriage return at the end stays:
    /// with the line feed that may come it is one line break.
    fn drop_blank(&mut self, until: usize) {
        let cut = until == self.bytes.len() && self.bytes.last() == Some(&b'\r');
        self.drop_until(until - usize::from(cut));
    }

    fn drop_until(&mut self, index: usize) {
        let gone: Vec<u8> = self.bytes.drain(..index).collect();
        self.start.offset = self.start.offset.saturating_add(length(&gone));
        self.start.line = self.start.line.saturating_add(line_breaks(&gone));
    }
}

struct First {
    separator: u8,
    cells: ByteRecord,
    end: usize,
}

fn known(first: &First) -> usize {
    let cells = text(&first.cells).unwrap_or_default();
    cells
        .iter()
        .filter(|cell| Column::named(cell).is_some())
        .count()
}

/// The cells as text, if they are UTF-8. A NUL is that of UTF-16, which every spreadsheet can write too.
fn text(cells: &ByteRecord) -> Option<Vec<&str>> {
    let texts = cells.iter().map(|cell| {
        std::str::from_utf8(cell)
            .ok()
            .filter(|text| !text.contains('\0'))
    });
    texts.collect()
}

struct Gathered {
    records: Vec<Record>,
    /// Up to which byte they reach, what is empty behind them included.
    until: usize,
    /// The line there.
    line: u64,
    /// Whether they ended with the window rather than because they are enough.
    ended: bool,
}

/// Goes over a window, record by record.
struct Gathering<'a> {
    window: &'a Window,
    slug: Option<usize>,
    reader: csv::Reader<&'a [u8]>,
    records: Vec<Record>,
    /// Up to which byte lines are counted, and the line there.
    at: (usize, u64),
}

impl<'a> Gathering<'a> {
    fn new(window: &'a Window, header: &Header) -> Self {
        Self {
            reader: reader(&window.bytes, header.separator),
            window,
            slug: header.place(Column::Slug),
            records: Vec::new(),
            at: (0, window.start.line),
        }
    }

    fn gather(mut self) -> Result<Gathered, TooLong> {
        let bytes = &self.window.bytes;
        loop {
            let begin = skip_line_breaks(bytes, position(&self.reader));
            self.count_lines(begin);
            if self.is_largest(begin) {
                return Ok(self.end(false));
            }
            let mut cells = ByteRecord::new();
            let read = self.reader.read_byte_record(&mut cells).unwrap_or(false);
            let end = position(&self.reader);
            let too_long = end.saturating_sub(begin) > LONGEST_RECORD;
            if read && too_long {
                return self.too_long();
            }
            if !read || !(end < bytes.len() || self.window.is_whole()) {
                return Ok(self.end(true));
            }
            if is_blank(&cells) {
                continue;
            }
            if self.is_full(begin, &cells) {
                return Ok(self.end(false));
            }
            self.records.push(Record {
                line: self.at.1,
                cells,
            });
        }
    }

    /// What was read before it is worked first; then it is what the window begins with.
    fn too_long(self) -> Result<Gathered, TooLong> {
        if self.records.is_empty() {
            return Err(TooLong { line: self.at.1 });
        }
        Ok(self.end(false))
    }

    fn is_largest(&self, bytes: usize) -> bool {
        let rows = self.records.len();
        rows > 0 && LARGEST_CHUNK.reached(rows, bytes)
    }

    /// Whether the chunk is full and this record begins another product.
    fn is_full(&self, bytes: usize, cells: &ByteRecord) -> bool {
        let slug = |cells: &ByteRecord| {
            let cell = self
                .slug
                .and_then(|place| cells.get(place).map(<[u8]>::to_owned));
            cell.unwrap_or_default().trim_ascii().to_owned()
        };
        let Some(last) = self.records.last() else {
            return false;
        };
        CHUNK.reached(self.records.len(), bytes) && slug(&last.cells) != slug(cells)
    }

    fn count_lines(&mut self, until: usize) {
        let (counted, line) = self.at;
        let between = self.window.bytes.get(counted..until).unwrap_or_default();
        self.at = (until, line.saturating_add(line_breaks(between)));
    }

    fn end(self, ended: bool) -> Gathered {
        let (until, line) = self.at;
        Gathered {
            records: self.records,
            until,
            line,
            ended,
        }
    }
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(bytes)
}

fn position(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

fn skip_line_breaks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let breaks = rest
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    from.min(bytes.len()) + breaks
}

/// CRLF, LF and CR end a line each.
fn line_breaks(bytes: &[u8]) -> u64 {
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
    let both = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    u64::try_from(feeds + returns - both).unwrap_or(u64::MAX)
}

fn is_blank(cells: &ByteRecord) -> bool {
    cells.iter().all(|cell| cell.trim_ascii().is_empty())
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything in a file, read in pieces of these sizes in turn.
    fn read(file: &[u8], pieces: &[usize]) -> Result<(Header, Vec<Chunk>), String> {
        let mut window = Window::new(Place::START, length(file));
        let mut pieces = pieces.iter().copied().cycle();
        let mut header = None;
        let mut chunks = Vec::new();
        loop {
            let more = match &header {
                None => {
                    header = window.take_header().map_err(|error| error.to_string())?;
                    header.is_none()
                }
                Some(known) => match window
                    .take_chunk(known)
                    .map_err(|error| error.to_string())?
                {
                    Found::Chunk(chunk) => {
                        chunks.push(chunk);
                        false
                    }
                    Found::NeedsMore => true,
                    Found::End => return Ok((header.unwrap(), chunks)),
                },
            };
            if more {
                let from = usize::try_from(window.wants()).unwrap();
                let size = pieces.next().unwrap().max(1);
                assert!(from < file.len(), "nothing is wanted beyond the end");
                window.extend(&file[from..file.len().min(from + size)]);
            }
        }
    }

    fn rows(file: &str) -> Vec<(u64, Vec<String>)> {
        let (_, chunks) = read(file.as_bytes(), &[usize::MAX / 2]).unwrap();
        let records = chunks.into_iter().flat_map(|chunk| chunk.records);
        let cells = |record: &Record| {
            let cells = record.cells.iter();
            cells
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect()
        };
        records
            .map(|record| (record.line, cells(&record)))
            .collect()
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() {
        let cells = |line, a: &str, b: &str| (line, vec![a.to_owned(), b.to_owned()]);
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["slug,sku", "a,1", "", " , ", "b,\"two", "lines\"", "c,3"];
            let multi = format!("two{end}lines");
            let expected = [
                cells(2, "a", "1"),
                cells(5, "b", &multi),
                cells(7, "c", "3"),
            ];
            assert_eq!(rows(&lines.join(end)), expected, "{end:?}");
            let marked = format!("\u{FEFF}{}{end}", lines.join(end));
            assert_eq!(rows(&marked), expected, "{end:?} with a mark and an end");
        }
    }

    #[test]
    fn the_separator_is_the_one_that_makes_columns() {
        for (file, separator) in [
            ("slug;sku\na;1", b';'),
            ("slug\tsku\na\t1", b'\t'),
            ("slug\na", b','),
        ] {
            let (header, chunks) = read(file.as_bytes(), &[3]).unwrap();
            assert_eq!(header.separator, separator);
            assert_eq!(chunks[0].records.len(), 1);
        }
    }

    #[test]
    fn what_is_no_such_file_says_so() {
        let told = |file: &[u8]| read(file, &[7]).unwrap_err();
        assert_eq!(
            told(b"\xFF\xFEs\0l\0u\0g\0"),
            HeaderError::NotUtf8.to_string()
        );
        assert_eq!(told(b"s\0l\0u\0g\0\n\0"), HeaderError::NotUtf8.to_string());
        assert_eq!(told(b"slug,n\xE9m\n"), HeaderError::NotUtf8.to_string());
        assert!(told(b"PK\x03\x04 not a table").contains("not known"));
        let noise = read(&[b'x'; 200_000], &[1 << 16]).unwrap_err();
        assert!(noise.contains("not known"), "{noise}");
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_does_not_swallow_the_file() {
        let file = format!("slug,sku\na,1\nb,\"{}", "x\n".repeat(200_000));
        let error = read(file.as_bytes(), &[1 << 20]).unwrap_err();
        assert_eq!(error, TooLong { line: 3 }.to_string());
    }

    #[test]
    fn a_chunk_ends_with_a_product_unless_that_is_excessive() {
        let row = |slug: usize| format!("p{slug},x\n");
        let products: String = (0..1_500).map(|at| row(at / 7)).collect();
        let (_, chunks) = read(format!("slug,sku\n{products}").as_bytes(), &[4096]).unwrap();
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.records.len()).collect();
        assert_eq!(sizes, [504, 504, 492]);
        let one: String = (0..4_500).map(|_| row(1)).collect();
        let (_, chunks) = read(format!("slug,sku\n{one}").as_bytes(), &[4096]).unwrap();
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.records.len()).collect();
        assert_eq!(sizes, [2_000, 2_000, 500]);
    }

    #[test]
    fn a_file_of_nothing_is_not_held() {
        let mut window = Window::new(Place::START, 10_000_000);
        window.extend(b"slug\r\n");
        let header = window.take_header().unwrap();
        for _ in 0..100 {
            window.extend(&b"\r\n".repeat(500));
            let found = match &header {
                Some(header) => window.take_chunk(header).unwrap(),
                None => Found::NeedsMore,
            };
            assert_eq!(found, Found::NeedsMore);
            assert!(window.bytes.len() <= 2_000);
        }
    }

    /// Files that are as much like files of ours as they are like noise.
    fn noise() -> impl Strategy<Value = Vec<u8>> {
        let bit = prop_oneof![
            Just(b"slug,sku\n".to_vec()),
            Just(b"\xEF\xBB\xBFslug;sku\r\n".to_vec()),
            Just(b"\"".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\n".to_vec()),
            Just(b",".to_vec()),
            Just(b"a,\"x\"\"y\r\nz\"\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..12),
        ];
        let bits = proptest::collection::vec(bit, 0..40);
        (any::<bool>(), bits).prop_map(|(headed, bits)| {
            let head = if headed {
                b"slug,sku\n".to_vec()
            } else {
                Vec::new()
            };
            [vec![head], bits].concat().concat()
        })
    }

    #[test]
    fn a_line_break_that_a_piece_cuts_in_two_is_one() {
        let file = b"slug,sku\n\r\nshirt,S-1\n";
        assert_eq!(read(file, &[1]), read(file, &[file.len()]));
    }

    proptest! {
        #[test]
        fn where_the_pieces_end_makes_no_difference(
            file in noise(),
            pieces in proptest::collection::vec(1_usize..50, 1..8),
        ) {
            let whole = read(&file, &[file.len().max(1)]);
            prop_assert_eq!(read(&file, &pieces), whole);
        }

        #[test]
        fn reading_may_begin_again_at_any_chunk(rows in proptest::collection::vec((0_u8..4, "[a\"\r\n,]{0,6}"), 0..30), size in 1_usize..40) {
            let mut file = b"slug,name\r\n".to_vec();
            for (slug, name) in rows {
                let name = name.replace('"', "\"\"");
                file.extend_from_slice(format!("p{slug},\"{name}\"\r\n").as_bytes());
            }
            let (header, chunks) = read(&file, &[size]).unwrap();
            for (index, chunk) in chunks.iter().enumerate() {
                let mut window = Window::new(chunk.next, length(&file));
                window.extend(&file[usize::try_from(chunk.next.offset).unwrap()..]);
                let expected = chunks.get(index + 1).cloned();
                prop_assert_eq!(window.take_chunk(&header).unwrap(), expected.map_or(Found::End, Found::Chunk));
            }
        }
    }
}
