//! An array of which there is one element, as a rule: that needs no memory of its own.
//!
//! For what is read with every request: producers in a hurry send one batch of one partition at a time.

use serde_json::Value;

use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::values::{Wire, count, items};
use super::writer::Writer;

/// Any number of things, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<T> {
    first: Option<T>,
    /// None without a first.
    others: Vec<T>,
}

impl<T> Few<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.others.len() + usize::from(self.first.is_some())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Puts one at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            self.others.push(item);
        }
    }

    /// Each, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.others)
    }

    /// Each, to be changed, in order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.others)
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: None, others: Vec::new() }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut few = Self::default();
        items.into_iter().for_each(|item| few.push(item));
        few
    }
}

impl<T, const N: usize> From<[T; N]> for Few<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.others)
    }
}

impl<T: Wire> Wire for Few<T> {
    const NULL_IS_A_LENGTH: bool = true;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(reader, version)?.ok_or(DecodeError::Null)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.length(Some(self.len()))?;
        self.iter().try_for_each(|item| item.write(writer, version))
    }

    fn json(&self, version: i16) -> Value {
        self.iter().map(|item| item.json(version)).collect()
    }

    fn read_nullable(reader: &mut Reader, version: i16) -> Result<Option<Self>, DecodeError> {
        let others = match count(reader)? {
            None => return Ok(None),
            Some(0) => return Ok(Some(Self::default())),
            Some(count) => count - 1,
        };
        let first = Some(T::read(reader, version)?);
        Ok(Some(Self { first, others: items(reader, version, others)? }))
    }

    fn write_null(writer: &mut Writer) {
        Vec::<T>::write_null(writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lies_on_the_wire_as_any_array() {
        for count in 0..5_i32 {
            let many: Vec<i32> = (0..count).collect();
            let few: Few<i32> = many.iter().copied().collect();
            assert_eq!((few.len(), few.is_empty()), (many.len(), many.is_empty()));
            assert!(few.iter().eq(&many) && few.clone().into_iter().eq(many.clone()));
            assert_eq!(few.json(0), many.json(0));
            for flexible in [false, true] {
                let written = |write: &dyn Fn(&mut Writer)| {
                    let mut writer = Writer::new();
                    writer.set_flexible(flexible);
                    write(&mut writer);
                    writer.freeze()
                };
                let bytes = written(&|writer| few.write(writer, 0).unwrap());
                assert_eq!(bytes, written(&|writer| many.write(writer, 0).unwrap()));
                for cut in 0..bytes.len() {
                    let mut reader = Reader::new(bytes.slice(..cut));
                    reader.set_flexible(flexible);
                    assert!(Few::<i32>::read(&mut reader, 0).is_err(), "{count} {cut}");
                }
                let mut reader = Reader::new(bytes);
                reader.set_flexible(flexible);
                assert_eq!(Few::read(&mut reader, 0), Ok(few.clone()));
                assert_eq!(reader.remaining(), 0);
                let null = written(&|writer| Few::<i32>::write_null(writer));
                let mut reader = Reader::new(null);
                reader.set_flexible(flexible);
                assert_eq!(Few::<i32>::read_nullable(&mut reader, 0), Ok(None));
            }
        }
    }

    #[test]
    fn a_count_costs_no_more_than_the_bytes_that_are_there() {
        let mut reader = Reader::new(vec![0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0].into());
        assert_eq!(Few::<i32>::read(&mut reader, 0), Err(DecodeError::Truncated));
        let mut reader = Reader::new([&[0, 0, 0, 60][..], &[0; 60]].concat().into());
        assert_eq!(Few::<i32>::read(&mut reader, 0), Err(DecodeError::Truncated));
    }
}
