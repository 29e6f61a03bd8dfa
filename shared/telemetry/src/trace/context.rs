//! Where in which trace something is.

use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom as _, SystemRandom};

/// W3C trace context: the trace, the span that leads to what comes next, and whether the trace is
/// recorded. Its text is that of the header `traceparent`, version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) sampled: bool,
}

/// This is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent of W3C trace context")]
pub struct NoTraceParent;

impl TraceParent {
    /// A trace of its own, or none where there is no randomness to name it by.
    pub(crate) fn root(is_sampled: impl FnOnce(u128) -> bool) -> Option<Self> {
        let trace = u128::from_be_bytes(random()?);
        let span = u64::from_be_bytes(random()?);
        let named = trace != 0 && span != 0;
        named.then(|| Self {
            trace,
            span,
            sampled: is_sampled(trace),
        })
    }

    /// A span within the same trace.
    pub(crate) fn child(self) -> Option<Self> {
        let span = u64::from_be_bytes(random()?);
        (span != 0).then_some(Self { span, ..self })
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span)
    }
}

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    /// Strict, as the recommendation asks (§3.2.2): lower-case digits, no zero ids; of a later
    /// version only what version 00 has too.
    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let mut parts = text.splitn(5, '-');
        let mut part = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length)?;
            let digits = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            digits.then_some(part)
        };
        let read = (|| {
            let version = u8::from_str_radix(part(2)?, 16).ok()?;
            let trace = u128::from_str_radix(part(32)?, 16).ok()?;
            let span = u64::from_str_radix(part(16)?, 16).ok()?;
            let flags = u8::from_str_radix(part(2)?, 16).ok()?;
            Some((version, trace, span, flags))
        })();
        let (version, trace, span, flags) = read.ok_or(NoTraceParent)?;
        let has_more = parts.next().is_some();
        if version == 0xff || (version == 0 && has_more) || trace == 0 || span == 0 {
            return Err(NoTraceParent);
        }
        Ok(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }
}

/// The parent that AWS's own tracing names for an invocation (`Lambda-Runtime-Trace-Id`:
/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`).
///
/// Only where X-Ray records the invocation (`Tracing: Active`): a header that says `Sampled=0` comes
/// with every invocation that X-Ray does not look at, and its parent is a span that nobody has.
#[must_use]
pub fn from_lambda(header: Option<&str>) -> Option<TraceParent> {
    let value = |name: &str| {
        let parts = header?.split(';');
        parts
            .filter_map(|part| part.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let (time, rest) = value("Root")?.strip_prefix("1-")?.split_once('-')?;
    let (parent, sampled) = (value("Parent")?, value("Sampled")?);
    let text = format!("00-{time}{rest}-{parent}-01");
    (sampled == "1").then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_recommendations_example_reads_back() {
        let parent: TraceParent = EXAMPLE.parse().unwrap();
        assert!(parent.sampled);
        assert_eq!(parent.to_string(), EXAMPLE);
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(text.parse::<TraceParent>(), Err(NoTraceParent), "{text}");
        }
    }

    #[test]
    fn of_a_later_version_what_is_known_is_read() {
        let later = EXAMPLE.replacen("00", "cc", 1) + "-what-the-future-brings";
        assert_eq!(later.parse::<TraceParent>(), EXAMPLE.parse());
    }

    #[test]
    fn lambdas_header_is_a_parent_only_where_it_is_recorded() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:b";
        let parent = from_lambda(Some(header)).unwrap();
        let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(parent.to_string(), expected);
        let unsampled = header.replace("Sampled=1", "Sampled=0");
        for header in [
            None,
            Some(""),
            Some("Root=1-5759e988"),
            Some(unsampled.as_str()),
        ] {
            assert_eq!(from_lambda(header), None);
        }
    }

    proptest! {
        #[test]
        fn every_context_reads_back(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let parent = TraceParent { trace, span, sampled };
            prop_assert_eq!(parent.to_string().parse(), Ok(parent));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = text.parse::<TraceParent>();
            let _ = from_lambda(Some(&text));
        }
    }
}
