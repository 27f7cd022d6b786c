//! Tokens in the container and in the structure of a data set.

use super::super::common::dicom::{BIG, DEFLATED, EXPLICIT, Form, Set, Value};
use super::{Expect, Maker, even, one};
use std::io::Write as _;

pub(super) fn container(maker: &mut Maker) {
    const G: &str = "container";
    let (set, token) = (maker.base(), maker.next());
    let mut file = Form::default().file(&set);
    file[10..10 + token.len()].copy_from_slice(token.as_bytes());
    maker.add(G, "preamble", vec![token], file);

    for (name, element) in [
        ("source AE title", 0x0016),
        ("sending AE title", 0x0017),
        ("receiving AE title", 0x0018),
        ("implementation version name", 0x0013),
        ("private information in the meta header", 0x0102),
        ("unknown element of the meta header", 0x00F0),
    ] {
        let (set, token) = (maker.base(), maker.next());
        let mut meta = Set::default();
        meta.put((2, 1), "OB", Value::Bytes(vec![0, 1]));
        meta.text((2, 0x10), "UI", EXPLICIT);
        meta.text((2, element), if element == 0x0102 { "OB" } else { "AE" }, &token);
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        Form::default().set(&meta, &mut file);
        Form::default().set(&set, &mut file);
        maker.add(G, name, vec![token], file);
    }
    for (name, trailing) in
        [("bytes after the pixel data", false), ("a second data set after the pixel data", true)]
    {
        let (set, token) = (maker.base(), maker.next());
        let mut tail = token.clone().into_bytes();
        if trailing {
            tail = Vec::new();
            let mut more = Set::default();
            more.text((0x0010, 0x0010), "PN", &token);
            Form::default().set(&more, &mut tail);
        }
        maker.add(G, name, vec![token], Form { trailing: tail, ..Form::default() }.file(&set));
    }
    maker.set(G, "data set trailing padding", |set, token| {
        set.put((0xFFFC, 0xFFFC), "OB", Value::Bytes(even(token)));
    });
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0010, 0x4000), "LT", &token);
    maker.add(G, "implicit little endian", vec![token], Form::implicit().file(&set));
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0010, 0x4000), "LT", &token);
    assert_eq!(Form::big().syntax, Some(BIG));
    maker.add(G, "explicit big endian", vec![token], Form::big().file(&set)).same_pixels = false;
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0010, 0x4000), "LT", &token);
    let mut plain = Vec::new();
    Form::default().set(&set, &mut plain);
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&plain).unwrap();
    let file =
        [Form { syntax: Some(DEFLATED), ..Form::default() }.head(), encoder.finish().unwrap()].concat();
    let case = maker.add(G, "deflated", vec![token], file);
    (case.same_pixels, case.packed) = (false, true);
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0010, 0x4000), "LT", &token);
    let form = Form { preamble: false, syntax: None, ..Form::default() };
    maker.add(G, "neither preamble nor meta header", vec![token], form.file(&set));
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0010, 0x4000), "LT", &token);
    let whole = Form::default().file(&set);
    maker.add(G, "truncated in the pixels", vec![token], whole[..whole.len() - 6].to_vec()).expect =
        Expect::Failed;
    let (mut set, token) = (maker.base(), maker.next());
    set.text((0x0020, 0x4000), "LT", &token.repeat(20));
    let whole = Form::default().file(&set);
    let cut = whole.windows(token.len()).position(|w| w == token.as_bytes()).unwrap() + 60;
    maker.add(G, "truncated in the header", vec![token], whole[..cut].to_vec()).expect = Expect::Failed;
}

pub(super) fn structure(maker: &mut Maker) {
    const G: &str = "structure";
    maker.set(G, "a name three sequences deep", |set, token| {
        let inner = one(|item| {
            item.text((0x0010, 0x0010), "PN", token);
        });
        let middle = one(|item| {
            item.put((0x0008, 0x1140), "SQ", inner.clone());
        });
        set.put((0x0018, 0x9346), "SQ", middle);
    });
    maker.set(G, "CP-246 sequence in a private block", |set, token| {
        set.text((0x0071, 0x0010), "LO", "VENDOR BLOCK");
        let mut item = Set::default();
        item.text((0x0010, 0x0010), "PN", token);
        set.put((0x0071, 0x1010), "UN", Value::Unknown(vec![item]));
    });
    maker.set(G, "CP-246 sequence of a public element", |set, token| {
        let mut item = Set::default();
        item.text((0x0040, 0xA123), "PN", token);
        set.put((0x0018, 0x9346), "UN", Value::Unknown(vec![item]));
    });
    maker.set(G, "private text", |set, token| {
        set.text((0x0029, 0x0010), "LO", "VENDOR BLOCK");
        set.text((0x0029, 0x1010), "LO", token);
    });
    maker.set(G, "private bytes", |set, token| {
        set.text((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER");
        set.put(
            (0x0029, 0x1010),
            "OB",
            Value::Bytes([b"SV10\x04\x03\x02\x01".to_vec(), even(token)].concat()),
        );
    });
    maker.set(G, "private creator", |set, token| {
        set.text((0x0029, 0x0010), "LO", token);
        set.text((0x0029, 0x1010), "LO", "x");
    });
    maker.set(G, "private element without a creator", |set, token| {
        set.text((0x0031, 0x1010), "LO", token);
    });
    maker.set(G, "a block that was moved", |set, token| {
        set.text((0x0019, 0x0010), "LO", "SOMEBODY ELSE");
        set.text((0x0019, 0x0077), "LO", "SIEMENS MR HEADER");
        set.text((0x0019, 0x7708), "CS", "IMAGE NUM 4");
        set.text((0x0019, 0x100C), "IS", token);
    });
    maker.set(G, "text in a safe private element", |set, token| {
        set.text((0x0019, 0x0010), "LO", "GEMS_ACQU_01");
        set.text((0x0019, 0x109E), "LO", token);
    });
    maker.set(G, "private element in a sequence item", |set, token| {
        let content = one(|item| {
            item.text((0x0011, 0x0010), "LO", "VENDOR");
            item.text((0x0011, 0x1001), "LO", token);
        });
        set.put((0x0008, 0x1140), "SQ", content);
    });
    maker.text(G, "unknown element of a known group", (0x0018, 0xFFA0), "LO");
    maker.text(G, "unknown even group", (0x0024, 0xFFF2), "LO");
    maker.set(G, "unknown sequence", |set, token| {
        set.put(
            (0x0024, 0xFFF4),
            "SQ",
            one(|item| {
                item.text((0x0008, 0x0070), "LO", token);
            }),
        );
    });
    maker.set(G, "UN of a public text", |set, token| {
        set.put((0x0010, 0x4000), "UN", Value::Bytes(even(token)));
    });
    maker.text(G, "text where a number of two bytes belongs", (0x0028, 0x0009), "LO");
    maker.text(G, "text where a decimal belongs", (0x0018, 0x0088), "DS");
    maker.text(G, "text where an integer belongs", (0x0020, 0x0012), "IS");
    maker.text(G, "lower case where a code belongs", (0x0018, 0x0015), "CS");
    maker.text(G, "text where a UID belongs", (0x0020, 0x0052), "UI");
    maker.text(G, "text where a date belongs", (0x0008, 0x0022), "DA");
    maker.text(G, "text where an age belongs", (0x0010, 0x1010), "AS");
    maker.set(G, "letters in numbers of two bytes", |set, token| {
        set.put((0x0018, 0x1310), "US", Value::Bytes(even(&format!("{token}{token}"))));
    });
    maker.set(G, "a tail behind a zero byte", |set, token| {
        set.put((0x0008, 0x1090), "LO", Value::Bytes(even(&format!("Skyra\0{token}"))));
    });
    maker.set(G, "an element of a command in the data set", |set, token| {
        set.text((0x0004, 0x1130), "CS", token);
    });
    maker.set(G, "bytes of unknown use", |set, token| {
        set.put((0x0028, 0x2000), "OB", Value::Bytes(even(token)));
    });
    maker.set(G, "curve data", |set, token| {
        set.put((0x5000, 0x3000), "OB", Value::Bytes(even(token)));
        set.text((0x5000, 0x2500), "LO", "x");
    });
    maker.text(G, "curve label", (0x5002, 0x2500), "LO");
    maker.set(G, "overlay data", |set, token| {
        set.us((0x6000, 0x0010), 4).us((0x6000, 0x0011), 3);
        set.text((0x6000, 0x0040), "CS", "G");
        set.put((0x6000, 0x3000), "OW", Value::Bytes(even(token)));
    });
    maker.text(G, "overlay comments", (0x6002, 0x4000), "LT");
    maker.text(G, "overlay description", (0x6000, 0x0022), "LO");
    maker.text(G, "overlay label", (0x6004, 0x1500), "LO");
    maker.set(G, "icon image", |set, token| {
        let icon = one(|item| {
            item.us((0x0028, 0x0010), 4).us((0x0028, 0x0011), 3);
            item.put((0x7FE0, 0x0010), "OB", Value::Bytes(even(token)));
        });
        set.put((0x0088, 0x0200), "SQ", icon);
    });
    maker.set(G, "digital signature", |set, token| {
        let signature = one(|item| {
            item.put((0x0400, 0x0115), "OB", Value::Bytes(even(token)));
        });
        set.put((0xFFFA, 0xFFFA), "SQ", signature);
    });
    maker.set(G, "original attributes", |set, token| {
        let inner = one(|item| {
            item.text((0x0010, 0x0010), "PN", token);
        });
        set.put(
            (0x0400, 0x0561),
            "SQ",
            one(|item| {
                item.put((0x0400, 0x0550), "SQ", inner.clone());
            }),
        );
    });
    maker.set(G, "a name in the functional groups", |set, token| {
        let frame = one(|item| {
            item.put(
                (0x0020, 0x9111),
                "SQ",
                one(|item| {
                    item.text((0x0020, 0x9158), "LT", token);
                }),
            );
        });
        set.put((0x5200, 0x9230), "SQ", frame);
    });
}
