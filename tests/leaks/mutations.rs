//! The corpus with bytes changed, cut and moved: whatever comes in, nothing panics, and what comes out can be
//! read to its end and holds no token that the header told.

use super::cases::corpus;
use super::holds;
use hepatica::deid::object::{Person, Project, Roster, deidentify};
use hepatica::deid::{DatePolicy, Policy, ProjectKey, SubjectNaming};
use hepatica::dicom::Header;

/// A small generator (Knuth's MMIX): the same mutations every time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn mutate(file: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut out = file.to_vec();
    match noise.below(4) {
        0 => out.truncate(noise.below(file.len())),
        1 => {
            let at = noise.below(file.len());
            out.splice(at..at, [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        }
        _ => {
            for _ in 0..1 + noise.below(6) {
                let at = noise.below(out.len());
                let bytes = [0, 0xFF, 0x7F, 0x01, b'S', noise.below(256) as u8];
                let byte = bytes[noise.below(bytes.len())];
                if let Some(place) = out.get_mut(at) {
                    *place = byte;
                }
            }
        }
    }
    out
}

#[test]
fn mutated_files_never_panic_and_what_is_written_can_be_read() {
    let project = Project {
        key: ProjectKey::from_entropy([7; 32]),
        policy: Policy { dates: DatePolicy::Shift, ..Policy::default() },
        accept_burned_in: true,
        record_uids: false,
    };
    let mut noise = Noise(1);
    let (mut written, mut refused) = (0, 0);
    for case in corpus() {
        for _ in 0..20 {
            let file = mutate(&case.file, &mut noise);
            let Ok(header) = Header::from_bytes(file.clone()) else { continue };
            let mut roster = Roster::new();
            roster.add(0, &header, None);
            let cohort = roster.settle(&project.key, &SubjectNaming::Keyed, project.policy.dates).unwrap();
            let person = Person::new(&cohort.subjects[0], &project).unwrap();
            match deidentify(file, &person, &project) {
                Ok(object) => {
                    written += 1;
                    let again = Header::from_bytes(object.bytes.clone()).unwrap();
                    assert!(again.damage().is_none(), "{}", case.name);
                    assert!(!holds(&object.bytes, "Testpatientin"), "{}", case.name);
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(written > 500 && refused > 100, "{written} written, {refused} refused");
}
