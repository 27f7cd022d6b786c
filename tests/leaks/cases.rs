//! The cases: where a token is put, and what must become of the file.

mod objects;
mod places;
mod values;

use super::common::dicom::{Form, Set, Slice, Value};
use hepatica::dicom::Tag;
use objects::{objects, output, pixels};
use places::{container, structure};
use values::{dates, devices, text, uids};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Written,
    Skipped,
    Failed,
}

pub(crate) struct Case {
    pub name: &'static str,
    pub group: &'static str,
    pub tokens: Vec<String>,
    pub file: Vec<u8>,
    pub expect: Expect,
    pub same_pixels: bool,
    /// Attributes that hold the token and go with it.
    pub may_lose: Vec<Tag>,
    /// The token is in a compressed stream: not to be seen in the file's bytes.
    pub packed: bool,
    path: Option<String>,
}

impl Case {
    pub(crate) fn folder(&self) -> String {
        self.path.clone().unwrap_or_else(|| self.group.to_owned())
    }

    pub(crate) fn file_stem(&self) -> String {
        self.name.replace([' ', ',', '(', ')', '/'], "_")
    }
}

/// Words that nobody bears, by number.
fn token(number: usize) -> String {
    let letters: String = [number / 400, number / 20 % 20, number % 20]
        .iter()
        .map(|n| char::from(b"bcdfghjklmnpqrstvwxz"[*n]))
        .collect();
    format!("Quavo{letters}yx")
}

/// A date that no other case has.
fn date(number: usize) -> String {
    format!("{}{:02}{:02}", 1931 + number % 60, 1 + number % 12, 1 + number % 28)
}

struct Maker {
    cases: Vec<Case>,
}

impl Maker {
    fn base(&self) -> Set {
        let number = self.cases.len() as u32 + 1;
        let mut set = Slice { series: number, ..Slice::default() }.set();
        // A patient each, so that nothing is known from another file.
        set.text((0x0010, 0x0010), "PN", "Nemo^Nullus");
        set.text((0x0010, 0x0020), "LO", &format!("QZ{}", 700_000 + number * 37));
        set.text((0x0020, 0x000D), "UI", &format!("1.2.826.0.1.3680043.10.778.{}", 100 + number));
        set.text((0x0018, 0x0080), "DS", "4.1");
        set.text((0x0018, 0x0081), "DS", "1.9");
        set.text((0x0018, 0x1314), "DS", "10");
        set
    }

    fn add(
        &mut self,
        group: &'static str,
        name: &'static str,
        tokens: Vec<String>,
        file: Vec<u8>,
    ) -> &mut Case {
        self.cases.push(Case {
            name,
            group,
            tokens,
            file,
            expect: Expect::Written,
            same_pixels: true,
            may_lose: Vec::new(),
            packed: false,
            path: None,
        });
        self.cases.last_mut().unwrap()
    }

    fn next(&self) -> String {
        token(self.cases.len())
    }

    /// A case whose token is put by a change of the data set.
    fn set(&mut self, group: &'static str, name: &'static str, put: impl Fn(&mut Set, &str)) -> &mut Case {
        let (mut set, token) = (self.base(), self.next());
        put(&mut set, &token);
        self.add(group, name, vec![token], Form::default().file(&set))
    }

    /// The same in one element.
    fn text(
        &mut self,
        group: &'static str,
        name: &'static str,
        tag: (u16, u16),
        vr: &'static str,
    ) -> &mut Case {
        self.set(group, name, |set, token| {
            set.text(tag, vr, token);
        })
    }

    fn date(&mut self, name: &'static str, put: impl Fn(&mut Set, &str)) -> &mut Case {
        let (mut set, date) = (self.base(), date(self.cases.len()));
        put(&mut set, &date);
        self.add("dates", name, vec![date], Form::default().file(&set))
    }
}

fn items(sets: Vec<Set>) -> Value {
    Value::Items(sets)
}

fn one(put: impl Fn(&mut Set)) -> Value {
    let mut set = Set::default();
    put(&mut set);
    Value::Items(vec![set])
}

fn even(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(b' ');
    }
    bytes
}

fn code(value: &str, scheme: &str, meaning: &str) -> Value {
    one(|item| {
        item.text((0x0008, 0x0100), "SH", value);
        item.text((0x0008, 0x0102), "SH", scheme);
        item.text((0x0008, 0x0104), "LO", meaning);
    })
}

pub(crate) fn corpus() -> Vec<Case> {
    let mut maker = Maker { cases: Vec::new() };
    container(&mut maker);
    structure(&mut maker);
    text(&mut maker);
    dates(&mut maker);
    uids(&mut maker);
    devices(&mut maker);
    objects(&mut maker);
    pixels(&mut maker);
    output(&mut maker);
    maker.cases
}
