//! Tokens in kinds of objects, in and about pixels, and in names of files.

use super::super::codestreams;
use super::super::common::dicom::{Form, Set, Value};
use super::{Expect, Maker, code, even, items, one};

/// The base without its image, as another kind of object.
fn object(maker: &Maker, class: &str, modality: &str) -> Set {
    let mut set = maker.base();
    set.remove((0x7FE0, 0x0010));
    for tag in [0x0002, 0x0004, 0x0010, 0x0011, 0x0030, 0x0100, 0x0101, 0x0102, 0x0103] {
        set.remove((0x0028, tag));
    }
    set.text((0x0008, 0x0016), "UI", class);
    set.text((0x0008, 0x0060), "CS", modality);
    set
}

pub(super) fn objects(maker: &mut Maker) {
    const G: &str = "objects";
    let (mut set, token) = (object(maker, "1.2.840.10008.5.1.4.1.1.88.11", "SR"), maker.next());
    let mut content = Set::default();
    content.text((0x0040, 0xA010), "CS", "CONTAINS");
    content.text((0x0040, 0xA040), "CS", "TEXT");
    content.put((0x0040, 0xA043), "SQ", code("121071", "DCM", "Finding"));
    content.text((0x0040, 0xA160), "UT", &token);
    let mut person = Set::default();
    person.text((0x0040, 0xA040), "CS", "PNAME");
    person.text((0x0040, 0xA123), "PN", &token);
    set.put((0x0040, 0xA730), "SQ", items(vec![content, person]));
    set.text((0x0040, 0xA040), "CS", "CONTAINER");
    let case = maker.add(G, "structured report", vec![token], Form::default().file(&set));
    (case.expect, case.same_pixels) = (Expect::Skipped, false);

    let (mut set, token) = (object(maker, "1.2.840.10008.5.1.4.1.1.104.1", "DOC"), maker.next());
    set.put((0x0042, 0x0011), "OB", Value::Bytes(even(&format!("%PDF-1.4 {token}"))));
    let case = maker.add(G, "encapsulated document", vec![token], Form::default().file(&set));
    (case.expect, case.same_pixels) = (Expect::Skipped, false);

    let (mut set, token) = (object(maker, "1.2.840.10008.1.3.10", ""), maker.next());
    set.put(
        (0x0004, 0x1220),
        "SQ",
        one(|item| {
            item.text((0x0010, 0x0010), "PN", &token);
        }),
    );
    let case = maker.add(G, "directory of media", vec![token], Form::default().file(&set));
    (case.expect, case.same_pixels) = (Expect::Skipped, false);

    let (mut set, token) = (object(maker, "1.2.840.10008.5.1.4.1.1.11.1", "PR"), maker.next());
    let label = one(|item| {
        item.text((0x0070, 0x0006), "ST", &token);
    });
    let graphic = one(|item| {
        item.text((0x0070, 0x0002), "CS", "LAYER");
        item.put((0x0070, 0x0008), "SQ", label.clone());
    });
    set.put((0x0070, 0x0001), "SQ", graphic);
    set.text((0x0070, 0x0084), "PN", &token);
    maker.add(G, "presentation state", vec![token], Form::default().file(&set)).same_pixels = false;

    let (mut set, token) = (object(maker, "1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"), maker.next());
    set.put(
        (0x3006, 0x0020),
        "SQ",
        one(|item| {
            item.text((0x3006, 0x0022), "IS", "1");
            item.text((0x3006, 0x0026), "LO", &token);
        }),
    );
    set.text((0x3006, 0x0002), "SH", &token[..10]);
    maker.add(G, "structure set", vec![token], Form::default().file(&set)).same_pixels = false;

    let (mut set, token) = (object(maker, "1.3.12.2.1107.5.9.1", "MR"), maker.next());
    set.text((0x0029, 0x0010), "LO", "SIEMENS CSA NON-IMAGE");
    set.put((0x0029, 0x1210), "OB", Value::Bytes(even(&token)));
    let case = maker.add(G, "an object of a vendor's own kind", vec![token], Form::default().file(&set));
    (case.expect, case.same_pixels) = (Expect::Skipped, false);

    let (mut set, token) = (object(maker, "1.2.840.10008.5.1.4.1.1.9.4.1", "AU"), maker.next());
    set.put(
        (0x5400, 0x0100),
        "SQ",
        one(|item| {
            item.put((0x5400, 0x1010), "OB", Value::Bytes(even(&token)));
        }),
    );
    let case = maker.add(G, "a recorded voice", vec![token], Form::default().file(&set));
    (case.expect, case.same_pixels) = (Expect::Skipped, false);
}

pub(super) fn pixels(maker: &mut Maker) {
    const G: &str = "pixels";
    let encapsulated = |maker: &Maker, syntax: &'static str, fragments: Vec<Vec<u8>>| {
        let mut set = maker.base();
        set.put((0x7FE0, 0x0010), "OB", Value::Fragments(vec![], fragments));
        Form { syntax: Some(syntax), ..Form::default() }.file(&set)
    };
    const LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
    for (name, marker) in
        [("JPEG comment", 0xFE), ("JPEG application segment", 0xE1), ("JFIF thumbnail", 0xE0)]
    {
        let token = maker.next();
        let file = encapsulated(maker, LOSSLESS, vec![codestreams::jpeg(&[(marker, &token)], "")]);
        maker.add(G, name, vec![token], file).same_pixels = false;
    }
    let token = maker.next();
    let file = encapsulated(maker, LOSSLESS, vec![codestreams::jpeg(&[], &token)]);
    maker.add(G, "bytes after a JPEG's end", vec![token], file).same_pixels = false;
    let token = maker.next();
    let whole = codestreams::jpeg(&[(0xFE, &token)], "");
    let (first, second) = whole.split_at(10);
    let file = encapsulated(maker, LOSSLESS, vec![first.to_vec(), second.to_vec()]);
    let case = maker.add(G, "a JPEG comment across fragments", vec![token], file);
    (case.same_pixels, case.packed) = (false, true);
    let token = maker.next();
    let stream = codestreams::jpeg2000(&token, &format!("{token} tile"));
    let file = encapsulated(maker, "1.2.840.10008.1.2.4.90", vec![stream]);
    maker.add(G, "JPEG 2000 comments", vec![token], file).same_pixels = false;
    let token = maker.next();
    let file = encapsulated(maker, LOSSLESS, vec![even(&format!("no codestream {token}"))]);
    let case = maker.add(G, "a fragment that is no codestream", vec![token], file);
    (case.expect, case.same_pixels) = (Expect::Failed, false);
    let token = maker.next();
    let file = encapsulated(maker, "1.2.840.10008.1.2.4.102", vec![even(&token)]);
    let case = maker.add(G, "a video", vec![token], file);
    (case.expect, case.same_pixels) = (Expect::Skipped, false);

    let (mut set, token) = (maker.base(), maker.next());
    let mut bytes: Vec<u8> = (0..24).collect();
    bytes.extend(even(&token));
    set.put((0x7FE0, 0x0010), "OW", Value::Bytes(bytes));
    maker.add(G, "bytes beyond the last frame", vec![token], Form::default().file(&set));

    // A bit of the overlay in each pixel's highest: the token's letters are the pixels' high bytes.
    let (mut set, token) = (maker.base(), maker.next());
    set.us((0x0028, 0x0101), 8).us((0x0028, 0x0102), 7);
    set.us((0x6000, 0x0100), 16).us((0x6000, 0x0102), 8);
    set.us((0x6000, 0x0010), 4).us((0x6000, 0x0011), 3);
    set.text((0x6000, 0x0022), "LO", &token);
    let words: Vec<u16> = (0..12u16).map(|i| (0x5A00 | i) << (i % 2)).collect();
    set.put((0x7FE0, 0x0010), "OW", Value::U16(words));
    maker.add(G, "an overlay in unused bits", vec![token], Form::default().file(&set)).same_pixels = false;

    for (name, tag, vr, value) in [
        ("burned-in annotation declared", (0x0028, 0x0301), "CS", "YES"),
        ("ultrasound", (0x0008, 0x0060), "CS", "US"),
        ("secondary capture", (0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.7"),
        ("a screen that was saved", (0x0008, 0x0008), "CS", "DERIVED\\SECONDARY\\SCREEN SAVE"),
        ("a page of doses", (0x0008, 0x0008), "CS", "ORIGINAL\\SECONDARY\\DOSE_INFO"),
    ] {
        let (mut set, token) = (maker.base(), maker.next());
        set.text(tag, vr, value);
        let mut bytes = even(&token);
        bytes.resize(24, b' ');
        set.put((0x7FE0, 0x0010), "OW", Value::Bytes(bytes));
        maker.add(G, name, vec![token], Form::default().file(&set)).expect = Expect::Skipped;
    }
}

pub(super) fn output(maker: &mut Maker) {
    let (set, token) = (maker.base(), maker.next());
    let case = maker.add("output", "the folder's name", vec![token.clone()], Form::default().file(&set));
    case.path = Some(format!("output/{}_ANNA/20180312", token.to_uppercase()));
}
