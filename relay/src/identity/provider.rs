//! Signatures of tokens, checked by ring: those of the four algorithms that are accepted, and of no other.
//!
//! There is no algorithm without a signature and none with a shared key here: a token cannot be made to be checked in a way
//! that its key was not made for.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use signature::Verifier;

/// The algorithms that are accepted.
pub(super) const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has tokens checked by this module, in this process. Where a program around the relay has chosen otherwise, that stays.
pub(super) fn install() {
    // The one error is that there is one already.
    let _ = PROVIDER.install_default();
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let family = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => AlgorithmFamily::Rsa,
        Algorithm::ES256 => AlgorithmFamily::Ec,
        Algorithm::EdDSA => AlgorithmFamily::Ed,
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    if key.family() != family {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(Check { algorithm: *algorithm, key: key.clone() }))
}

/// One key with one algorithm.
struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let how: &'static dyn VerificationAlgorithm = match self.algorithm {
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::EdDSA => &ED25519,
            _ => return Err(signature::Error::new()),
        };
        let key = self.key.try_get_as_bytes().map_err(|_| signature::Error::new())?;
        let checked = UnparsedPublicKey::new(how, key).verify(message, signature);
        checked.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// An RSA key as ring takes it (RFC 8017, A.1.1), from the numbers that a key set has. None where they are too long.
pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<DecodingKey> {
    let mut numbers = Vec::new();
    for number in [modulus, exponent] {
        let start = number.iter().position(|byte| *byte != 0)?;
        let number = &number[start..];
        // A number that begins with a one would be below nought.
        let sign = usize::from(number[0] & 0x80 != 0);
        element(&mut numbers, 0x02, number.len() + sign)?;
        numbers.extend(std::iter::repeat_n(0, sign));
        numbers.extend_from_slice(number);
    }
    let mut key = Vec::new();
    element(&mut key, 0x30, numbers.len())?;
    key.extend(numbers);
    Some(DecodingKey::from_rsa_der(&key))
}

/// The head of an element of DER.
fn element(out: &mut Vec<u8>, tag: u8, len: usize) -> Option<()> {
    let [high, low] = u16::try_from(len).ok()?.to_be_bytes();
    out.push(tag);
    match (high, low) {
        (0, 0..0x80) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_is_written_as_der_has_it() {
        let bytes = |modulus: &[u8]| rsa(modulus, &[0, 1, 0, 1]).map(|key| key.try_get_as_bytes().unwrap().to_vec());
        assert_eq!(bytes(&[0, 5]).unwrap(), [0x30, 8, 2, 1, 5, 2, 3, 1, 0, 1]);
        assert_eq!(bytes(&[0x80]).unwrap(), [0x30, 9, 2, 2, 0, 0x80, 2, 3, 1, 0, 1]);
        let long = bytes(&[0xff; 256]).unwrap();
        assert_eq!(long[..9], [0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0]);
        assert_eq!(long.len(), 270);
        assert!(bytes(&[]).is_none() && bytes(&[0, 0]).is_none() && bytes(&[1; 70_000]).is_none());
    }
}
