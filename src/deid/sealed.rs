//! Files under a passphrase. In: plain bytes and a passphrase. Out: an ASCII-armoured `age` file
//! (<https://age-encryption.org/v1>, scrypt recipient) that any age tool opens, and the way back.
//! Never: keeps a passphrase, or repeats it or the content in an error.

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// scrypt work factor for what is written here: N = 2^17, r = 8, p = 1 (OWASP's figure): 128 MiB
/// for about 0.4 s natively and a second or so in WebAssembly.
pub const WORK_FACTOR: u8 = 17;

/// The highest work factor accepted when reading (1 GiB, some 4 s natively): age's own tools
/// choose 18 to 20 on fast machines; more would be a way to hang a page.
const WORK_FACTOR_LIMIT: u8 = 20;

const BINARY_MARK: &[u8] = b"age-encryption.org/";
const ARMOR_MARK: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// How a key or linking table is protected when saved.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Under a passphrase; the default wherever the user is asked.
    Passphrase(&'a str),
    /// As it is; only where the user has confirmed it.
    Plain,
}

/// Why a protected file could not be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The passphrase is empty or only white space.
    #[error("the passphrase is empty; type one, or confirm that the file is to be saved without")]
    EmptyPassphrase,
    /// The file is protected and no passphrase was given.
    #[error("this file is protected by a passphrase; type it to open the file")]
    NeedsPassphrase,
    /// The passphrase does not open this file.
    #[error("this passphrase does not open the file; check the spelling and the keyboard layout")]
    WrongPassphrase,
    /// The file asks for more memory and time than a page may spend.
    #[error(
        "the file asks for scrypt work factor {required}, above the limit of {WORK_FACTOR_LIMIT}; save it again with a lower one"
    )]
    TooMuchWork {
        /// log2 of scrypt's N.
        required: u8,
    },
    /// The file is sealed for a key pair, not for a passphrase.
    #[error("the file is encrypted for a key, not under a passphrase; decrypt it with age first")]
    NotByPassphrase,
    /// The file is cut short or altered.
    #[error("the file is damaged: its encrypted content cannot be read to the end")]
    Damaged,
    /// The platform's random source failed, or memory for scrypt ran out.
    #[error("the file could not be encrypted on this platform")]
    Encrypt,
}

/// Whether these bytes are an age file, armoured or not, and so need a passphrase.
pub fn is_sealed(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    let bytes = bytes.get(start..).unwrap_or_default();
    bytes.starts_with(ARMOR_MARK) || bytes.starts_with(BINARY_MARK)
}

/// Writes `plain` as asked: an armoured age file, or as it is.
///
/// # Errors
/// [`SealError::EmptyPassphrase`], or [`SealError::Encrypt`] where the platform fails.
pub fn seal(plain: &[u8], protection: Protection<'_>) -> Result<Vec<u8>, SealError> {
    match protection {
        Protection::Plain => Ok(plain.to_vec()),
        Protection::Passphrase(passphrase) => seal_with(plain, passphrase, WORK_FACTOR),
    }
}

pub(super) fn seal_with(plain: &[u8], passphrase: &str, work_factor: u8) -> Result<Vec<u8>, SealError> {
    if passphrase.trim().is_empty() {
        return Err(SealError::EmptyPassphrase);
    }
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work_factor.clamp(1, WORK_FACTOR_LIMIT));
    let encrypt = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?;
        let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(plain)?;
        Ok(writer.finish()?.finish()?)
    };
    encrypt().map_err(|_| SealError::Encrypt)
}

/// Opens what [`seal`] wrote, or an age file made elsewhere; plain bytes come back as they are.
/// The content is wiped from memory when dropped.
///
/// # Errors
/// [`SealError`] says whether a passphrase is needed, wrong, or the file is unusable.
pub fn unseal(bytes: &[u8], passphrase: Option<&str>) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if !is_sealed(bytes) {
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(|_| SealError::Damaged)?;
    if !decryptor.is_scrypt() {
        return Err(SealError::NotByPassphrase);
    }
    let passphrase = passphrase.ok_or(SealError::NeedsPassphrase)?;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(WORK_FACTOR_LIMIT);
    let mut reader =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|e| match e {
            DecryptError::ExcessiveWork { required, .. } => SealError::TooMuchWork { required },
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys => SealError::WrongPassphrase,
            _ => SealError::Damaged,
        })?;
    let mut plain = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut plain).map_err(|_| SealError::Damaged)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    const FAST: u8 = 4;

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_only() {
        let sealed = seal_with(b"linking", "correct horse", FAST).unwrap();
        assert!(is_sealed(&sealed));
        assert!(sealed.is_ascii());
        assert_eq!(unseal(&sealed, Some("correct horse")).unwrap().as_slice(), b"linking");
        assert_eq!(unseal(&sealed, Some("wrong")).unwrap_err(), SealError::WrongPassphrase);
        assert_eq!(unseal(&sealed, None).unwrap_err(), SealError::NeedsPassphrase);
    }

    #[test]
    fn truncated_and_altered_files_are_damaged_not_wrong() {
        let sealed = seal_with(&[7; 3000], "p", FAST).unwrap();
        assert_eq!(unseal(&sealed[..sealed.len() / 2], Some("p")).unwrap_err(), SealError::Damaged);
        let mut altered = sealed;
        let middle = altered.len() * 2 / 3;
        altered[middle] = if altered[middle] == b'A' { b'B' } else { b'A' };
        assert_eq!(unseal(&altered, Some("p")).unwrap_err(), SealError::Damaged);
    }

    #[test]
    fn white_space_is_no_passphrase() {
        assert_eq!(seal(b"x", Protection::Passphrase("  ")).unwrap_err(), SealError::EmptyPassphrase);
    }

    #[test]
    fn a_work_factor_that_would_hang_the_page_is_refused_before_working() {
        let sealed = seal_with(b"x", "p", FAST).unwrap();
        let armored = String::from_utf8(sealed).unwrap();
        // The header line `-> scrypt SALT 4` lies in the first base64 lines; rebuild it with 30.
        let mut binary = Vec::new();
        ArmoredReader::new(armored.as_bytes()).read_to_end(&mut binary).unwrap();
        let text = binary.windows(2).position(|w| w == b"4\n").unwrap();
        binary.splice(text..=text, *b"30");
        assert_eq!(unseal(&binary, Some("p")).unwrap_err(), SealError::TooMuchWork { required: 30 });
    }

    #[test]
    fn plain_stays_plain() {
        assert_eq!(seal(b"abc", Protection::Plain).unwrap(), b"abc");
        assert_eq!(unseal(b"abc", None).unwrap().as_slice(), b"abc");
    }
}
