//! The project key. In: 32 random bytes, or a key file and its passphrase. Out: HMAC-SHA-256
//! values, one domain for each use, so that a subject's code says nothing about the date shift.
//! Never: shown, logged or written anywhere but into the key file that the user saves.

use super::sealed::{self, Protection, SealError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// First line of a key file; the version is part of it (invariant 11).
const HEADER: &str = "hepatica-project-key/1";
const HEADER_ANY: &str = "hepatica-project-key/";

/// What a keyed value is for: each use has an HMAC domain of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Subject codes.
    Subject,
    /// Days by which a patient's dates are shifted.
    Shift,
    /// Replacement UIDs of DICOM output.
    Uid,
    /// The order in which numbered codes are given out.
    Order,
    /// The fingerprint of a volume's source frames, by which an archive knows what it holds.
    Source,
    /// The short mark by which two data sets can be seen to share a key.
    Fingerprint,
}

impl KeyUse {
    const fn domain(self) -> &'static [u8] {
        match self {
            Self::Subject => b"hepatica/1/subject",
            Self::Shift => b"hepatica/1/shift",
            Self::Uid => b"hepatica/1/uid",
            Self::Order => b"hepatica/1/order",
            Self::Source => b"hepatica/1/source",
            Self::Fingerprint => b"hepatica/1/fingerprint",
        }
    }
}

/// Why a key file could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a key file at all.
    #[error("this is not a Hepatica project key: its first line should say {HEADER}")]
    NotAKey,
    /// A key file of a later version.
    #[error("this project key was saved by a newer Hepatica; update to open it")]
    Newer,
    /// The header is right and the key is not.
    #[error("this project key is damaged: 64 hexadecimal digits are expected on its second line")]
    Damaged,
    /// The protection around it.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The secret under which a project's pseudonyms are made: the same patient and key give the same
/// code, whatever else is in the data set and whenever it is made.
///
/// Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectKey([u8; 32]);

impl ProjectKey {
    /// A new key from 32 bytes of the platform's random source (the core has none of its own).
    pub const fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a key file, which may be protected.
    ///
    /// # Errors
    /// [`KeyError::Seal`] with [`SealError::NeedsPassphrase`] when one is needed and none given;
    /// else what is wrong with the file.
    pub fn load(file: &[u8], passphrase: Option<&str>) -> Result<Self, KeyError> {
        // A folder's worth of pixels dropped by mistake is no key: look before decrypting.
        if !sealed::is_sealed(file) && !file.trim_ascii_start().starts_with(HEADER_ANY.as_bytes()) {
            return Err(KeyError::NotAKey);
        }
        let plain = sealed::unseal(file, passphrase)?;
        let text = std::str::from_utf8(&plain).map_err(|_| KeyError::NotAKey)?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match lines.next() {
            Some(HEADER) => {}
            Some(other) if other.starts_with(HEADER_ANY) => return Err(KeyError::Newer),
            _ => return Err(KeyError::NotAKey),
        }
        let digits = lines.next().ok_or(KeyError::Damaged)?.as_bytes();
        if digits.len() != 64 || lines.next().is_some() {
            return Err(KeyError::Damaged);
        }
        let mut key = Self([0; 32]);
        for (byte, pair) in key.0.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else {
                return Err(KeyError::Damaged);
            };
            let nibble = |digit: u8| (digit as char).to_digit(16).ok_or(KeyError::Damaged);
            *byte = (nibble(*high)? << 4 | nibble(*low)?) as u8;
        }
        Ok(key)
    }

    /// The bytes of a key file: text in two lines, under a passphrase unless plain was confirmed.
    ///
    /// # Errors
    /// [`KeyError::Seal`] when the passphrase is empty or the platform fails.
    pub fn save(&self, protection: Protection<'_>) -> Result<Vec<u8>, KeyError> {
        let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + 68));
        text.push_str(HEADER);
        text.push('\n');
        for byte in self.0 {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        text.push('\n');
        Ok(sealed::seal(text.as_bytes(), protection)?)
    }

    /// HMAC-SHA-256 of `parts` in the domain of `purpose`. Every part is preceded by its length,
    /// so that ("ab", "c") and ("a", "bc") differ.
    pub fn mac(&self, purpose: KeyUse, parts: &[&[u8]]) -> [u8; 32] {
        // RFC 2104: a key shorter than the block is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        for part in std::iter::once(&purpose.domain()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A mark of 8 hexadecimal digits, the same for every data set made under this key and of no
    /// use for finding the key; it may be published.
    pub fn fingerprint(&self) -> String {
        let mac = self.mac(KeyUse::Fingerprint, &[]);
        mac.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Drop for ProjectKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProjectKey(‹secret›)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn key() -> ProjectKey {
        ProjectKey::from_entropy(std::array::from_fn(|i| i as u8 * 7))
    }

    #[test]
    fn a_saved_key_makes_the_same_codes_again() {
        let plain = key().save(Protection::Plain).unwrap();
        assert!(ProjectKey::load(&plain, None).unwrap() == key());
        let text = String::from_utf8(plain).unwrap().replace('\n', "\r\n");
        assert!(ProjectKey::load(text.as_bytes(), None).unwrap() == key());
    }

    #[test]
    fn the_default_protection_hides_the_key_and_says_a_passphrase_is_needed() {
        let file = sealed::seal_with(&key().save(Protection::Plain).unwrap(), "häpatica", 4).unwrap();
        let hex = String::from_utf8(key().save(Protection::Plain).unwrap()).unwrap();
        let secret = hex.lines().nth(1).unwrap();
        assert!(!String::from_utf8(file.clone()).unwrap().contains(secret));
        assert!(matches!(ProjectKey::load(&file, None), Err(KeyError::Seal(SealError::NeedsPassphrase))));
        assert!(ProjectKey::load(&file, Some("häpatica")).unwrap() == key());
    }

    #[test]
    fn what_is_no_key_is_refused_by_cause() {
        let of = |text: &str| ProjectKey::load(text.as_bytes(), None).unwrap_err();
        assert_eq!(of(""), KeyError::NotAKey);
        assert_eq!(of("patient_id,subject\n1,2\n"), KeyError::NotAKey);
        assert_eq!(of("hepatica-project-key/2\nwhatever"), KeyError::Newer);
        assert_eq!(of("hepatica-project-key/1\n0123"), KeyError::Damaged);
        assert_eq!(of(&format!("hepatica-project-key/1\n{}", "g".repeat(64))), KeyError::Damaged);
        assert_eq!(of(&format!("hepatica-project-key/1\n{}é", "0".repeat(62))), KeyError::Damaged);
        assert_eq!(ProjectKey::load(&[0xff; 100], None).unwrap_err(), KeyError::NotAKey);
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_construction() {
        // RFC 2104 by hand: H(K^opad, H(K^ipad, text)), text = len(domain) domain len(part) part.
        use sha2::Digest;
        let key = key();
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(&key.0);
        let mut text = 18u64.to_be_bytes().to_vec();
        text.extend_from_slice(b"hepatica/1/subject");
        text.extend_from_slice(&2u64.to_be_bytes());
        text.extend_from_slice(b"ID");
        let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(&text).finalize();
        let outer = Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize();
        assert_eq!(key.mac(KeyUse::Subject, &[b"ID"]).as_slice(), outer.as_slice());
    }

    #[test]
    fn domains_and_part_borders_part_the_values() {
        let key = key();
        assert_ne!(key.mac(KeyUse::Subject, &[b"x"]), key.mac(KeyUse::Shift, &[b"x"]));
        assert_ne!(key.mac(KeyUse::Subject, &[b"ab", b"c"]), key.mac(KeyUse::Subject, &[b"a", b"bc"]));
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", key()).contains('7'));
    }
}
