//! The request that an authority signs: made here with a key of its own, or by an agent, whose key never travels.

use atalaya_certificate::limits::REQUEST_BYTES_MAX;
use atalaya_certificate::{Key, tidy, written};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use crate::failed::Failed;

/// Whose key it is.
#[derive(Clone, Debug)]
pub enum Request {
    /// A new one is made here (P-256).
    Own,
    /// Somebody else's, who sent this request (PKCS#10, DER).
    Theirs(Vec<u8>),
}

/// A new key as PEM, and a request for `names`.
pub(crate) fn make(names: &[String]) -> Result<(Zeroizing<String>, Vec<u8>), Failed> {
    let key = Key::new().map_err(|why| Failed::SetUp(why.to_owned()))?;
    let request = key.request(names)?;
    Ok((key.pem, request))
}

/// That a request is signed by its own key and asks for exactly `names`, which are tidy: an agent gets no more than was
/// planned.
///
/// # Errors
///
/// [`Failed::SetUp`]: why it is not accepted.
pub fn check(der: &[u8], names: &[String]) -> Result<(), Failed> {
    let wrong = |why: &str| Failed::SetUp(format!("the request for a certificate is not accepted: {why}"));
    if der.len() > REQUEST_BYTES_MAX {
        return Err(wrong("it is too long"));
    }
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| wrong("it cannot be read"))?;
    if !rest.is_empty() {
        return Err(wrong("something follows it"));
    }
    request.verify_signature().map_err(|_| wrong("it is not signed by its key"))?;
    let mut asked = Vec::new();
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(list) = extension {
            for name in &list.general_names {
                asked.push(written(name).ok_or_else(|| wrong("it asks for something else than host names"))?);
            }
        }
    }
    let common = request.certification_request_info.subject.iter_common_name();
    let common: Vec<_> = common.filter_map(|name| name.as_str().ok()).collect();
    let asked = tidy(&asked)?;
    if asked != names || common.iter().any(|name| !asked.iter().any(|one| one.eq_ignore_ascii_case(name))) {
        return Err(wrong(&format!("it asks for {}, and {} is wanted", asked.join(", "), names.join(", "))));
    }
    Ok(())
}

/// The key that a request is for, as a chain has it.
///
/// # Errors
///
/// [`Failed::SetUp`]: it cannot be read.
pub fn public(der: &[u8]) -> Result<Vec<u8>, Failed> {
    let (_, request) = X509CertificationRequest::from_der(der)
        .map_err(|_| Failed::SetUp("the request for a certificate cannot be read".into()))?;
    Ok(request.certification_request_info.subject_pki.raw.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn names(text: &[&str]) -> Vec<String> {
        text.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn what_is_made_here_is_what_was_asked() {
        let asked = names(&["*.example.com", "192.0.2.7", "nas.example.com"]);
        let (key, der) = make(&asked).unwrap();
        check(&der, &asked).unwrap();
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    }

    #[test]
    fn a_request_that_asks_for_more_or_is_tampered_with_is_refused() {
        let (_, der) = make(&names(&["a.example", "b.example"])).unwrap();
        for other in [names(&["a.example"]), names(&["a.example", "b.example", "c.example"])] {
            assert!(check(&der, &other).is_err());
        }
        let asked = names(&["a.example", "b.example"]);
        for at in 0..der.len() {
            let mut bad = der.clone();
            bad[at] ^= 1;
            // What is around the signed part may change, as long as names and key do not.
            let same = || public(&bad).unwrap() == public(&der).unwrap();
            assert!(check(&bad, &asked).is_err() || same(), "bit of byte {at}");
        }
        assert!(check(&der[..der.len() - 1], &asked).is_err());
        assert!(check(&[der.clone(), vec![0]].concat(), &asked).is_err());
        assert!(check(&vec![0x30; REQUEST_BYTES_MAX + 1], &asked).is_err());
    }

    #[test]
    fn a_common_name_asks_too() {
        let mut params = CertificateParams::new(names(&["a.example"])).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "bank.example");
        let der = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        assert!(check(&der, &names(&["a.example"])).is_err());
    }
}
