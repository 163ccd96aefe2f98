//! The arithmetic of SCRAM (RFC 5802, RFC 7677): from a password to what a broker keeps of it.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

use crate::metadata::access::{SCRAM_SHA_256, SCRAM_SHA_512, ScramCredential};

/// A SCRAM mechanism.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mechanism {
    /// SCRAM-SHA-256.
    Sha256,
    /// SCRAM-SHA-512.
    Sha512,
}

impl Mechanism {
    /// The mechanism that SASL calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|mechanism| mechanism.name() == name)
    }

    /// The mechanism of a number in records and requests.
    pub fn from_id(id: i8) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|mechanism| mechanism.id() == id)
    }

    /// What SASL calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The number in records and requests.
    pub const fn id(self) -> i8 {
        match self {
            Self::Sha256 => SCRAM_SHA_256,
            Self::Sha512 => SCRAM_SHA_512,
        }
    }

    /// The fewest iterations that a credential may have.
    pub const fn min_iterations(self) -> i32 {
        4_096
    }

    /// The most iterations that a credential may have.
    pub const fn max_iterations(self) -> i32 {
        16_384
    }

    /// The hash of the password, salted and iterated: `Hi` of RFC 5802.
    pub fn salted_password(self, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            Self::Sha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec()
            }
            Self::Sha512 => {
                pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec()
            }
        }
    }

    /// `HMAC` of RFC 5802.
    pub fn hmac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        const ANY: &str = "an hmac takes a key of any length";
        match self {
            Self::Sha256 => Hmac::<Sha256>::new_from_slice(key)
                .expect(ANY)
                .chain_update(text)
                .finalize()
                .into_bytes()
                .to_vec(),
            Self::Sha512 => Hmac::<Sha512>::new_from_slice(key)
                .expect(ANY)
                .chain_update(text)
                .finalize()
                .into_bytes()
                .to_vec(),
        }
    }

    /// `H` of RFC 5802.
    pub fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// What a broker keeps of a salted password.
    pub fn credential(
        self,
        salt: &[u8],
        salted_password: &[u8],
        iterations: i32,
    ) -> ScramCredential {
        let client_key = self.hmac(salted_password, b"Client Key");
        ScramCredential {
            salt: salt.to_vec().into(),
            stored_key: self.hash(&client_key).into(),
            server_key: self.hmac(salted_password, b"Server Key").into(),
            iterations,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_rfcs_example() {
        // RFC 7677, section 3: the proof and the signature of user and pencil.
        let mechanism = Mechanism::Sha256;
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = mechanism.salted_password("pencil", &salt, 4096);
        let credential = mechanism.credential(&salt, &salted, 4096);
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = mechanism.hmac(&credential.server_key, message.as_bytes());
        assert_eq!(STANDARD.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        let client_key = mechanism.hmac(&salted, b"Client Key");
        let signature = mechanism.hmac(&credential.stored_key, message.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(STANDARD.encode(proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    }

    #[test]
    fn mechanisms_have_names() {
        assert_eq!(Mechanism::from_name("SCRAM-SHA-512").map(Mechanism::id), Some(2));
        assert_eq!(Mechanism::from_name("SCRAM-MD5"), None);
        assert_eq!(
            Mechanism::Sha512.hash(b"").len(),
            Mechanism::Sha512.salted_password("", b"", 1).len()
        );
    }
}
