//! OpenTelemetry's `MetricsData`, as far as a gauge or a counter can show it: numbers, with their attributes.
//! Histograms and what else there may be are passed over.
//!
//! The numbers of fields are those of opentelemetry-proto 1.x, `metrics/v1/metrics.proto`.

/// One number of one metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) name: String,
    /// `key=value` pairs with commas between them, in the order of keys.
    pub(super) attributes: String,
    pub(super) value: f64,
    /// Whether the value is what came since the last push.
    pub(super) is_delta: bool,
    /// Whether it only ever grows.
    pub(super) is_counter: bool,
}

/// How many points one push may have.
const POINTS_MAX: usize = 10_000;
/// The longest name, and the longest attributes, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 512;

/// A field of a message: a number of one of the fixed sizes, or bytes.
enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by their numbers; none where the bytes are no message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn next(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(*self.take(8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed64(u64::from(u32::from_le_bytes(*self.take(4)?.first_chunk()?))),
            _ => return None,
        };
        Some((key >> 3, field))
    }
}

/// Hands every field of a message to `see`; none where the bytes are no message, or `see` says so.
fn each<'a>(bytes: &'a [u8], mut see: impl FnMut(u64, Field<'a>) -> Option<()>) -> Option<()> {
    let mut fields = Fields(bytes);
    while !fields.0.is_empty() {
        let (number, field) = fields.next()?;
        see(number, field)?;
    }
    Some(())
}

/// The points of a push; none where the bytes are no `MetricsData`.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Point>> {
    let mut points = Vec::new();
    // MetricsData.resource_metrics, ResourceMetrics.scope_metrics, ScopeMetrics.metrics.
    each(bytes, |number, field| match (number, field) {
        (1, Field::Bytes(resource)) => each(resource, |number, field| match (number, field) {
            (2, Field::Bytes(scope)) => each(scope, |number, field| match (number, field) {
                (2, Field::Bytes(one)) => metric(one, &mut points),
                _ => Some(()),
            }),
            _ => Some(()),
        }),
        _ => Some(()),
    })?;
    Some(points)
}

fn metric(bytes: &[u8], points: &mut Vec<Point>) -> Option<()> {
    let mut name = "";
    let mut found: Vec<&[u8]> = Vec::new();
    let (mut is_delta, mut is_counter) = (false, false);
    each(bytes, |number, field| match (number, field) {
        (1, Field::Bytes(text)) => {
            name = std::str::from_utf8(text).ok()?;
            Some(())
        }
        // Gauge.data_points
        (5, Field::Bytes(gauge)) => each(gauge, |number, field| {
            if let (1, Field::Bytes(point)) = (number, field) {
                found.push(point);
            }
            Some(())
        }),
        // Sum.data_points, aggregation_temporality, is_monotonic
        (7, Field::Bytes(sum)) => each(sum, |number, field| {
            match (number, field) {
                (1, Field::Bytes(point)) => found.push(point),
                (2, Field::Varint(temporality)) => is_delta = temporality == 1,
                (3, Field::Varint(monotonic)) => is_counter = monotonic != 0,
                _ => {}
            }
            Some(())
        }),
        _ => Some(()),
    })?;
    for one in found {
        if points.len() >= POINTS_MAX {
            return None;
        }
        let (value, attributes) = point(one)?;
        if name.len() <= TEXT_BYTES_MAX && attributes.len() <= TEXT_BYTES_MAX {
            let name = name.to_owned();
            points.push(Point { name, attributes, value, is_delta, is_counter });
        }
    }
    Some(())
}

/// `NumberDataPoint`: its value and its attributes.
fn point(bytes: &[u8]) -> Option<(f64, String)> {
    let mut value = 0.0;
    let mut attributes = Vec::new();
    each(bytes, |number, field| {
        match (number, field) {
            (4, Field::Fixed64(bits)) => value = f64::from_bits(bits),
            (6, Field::Fixed64(bits)) => value = bits.cast_signed() as f64,
            (7, Field::Bytes(pair)) => attributes.push(attribute(pair)?),
            _ => {}
        }
        Some(())
    })?;
    attributes.sort_unstable();
    Some((value, attributes.join(",")))
}

/// `KeyValue` with an `AnyValue` that is a text, a truth or a number.
fn attribute(bytes: &[u8]) -> Option<String> {
    let (mut key, mut value) = ("", String::new());
    each(bytes, |number, field| match (number, field) {
        (1, Field::Bytes(text)) => {
            key = std::str::from_utf8(text).ok()?;
            Some(())
        }
        (2, Field::Bytes(any)) => each(any, |number, field| {
            match (number, field) {
                (1, Field::Bytes(text)) => value = std::str::from_utf8(text).ok()?.to_owned(),
                (2, Field::Varint(truth)) => value = (truth != 0).to_string(),
                (3, Field::Varint(number)) => value = number.cast_signed().to_string(),
                (4, Field::Fixed64(bits)) => value = f64::from_bits(bits).to_string(),
                _ => {}
            }
            Some(())
        }),
        _ => Some(()),
    })?;
    Some(format!("{key}={value}"))
}
