//! Signatures of requests: AWS Signature Version 4, in the header `Authorization`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>. Everything that a request says is
//! signed, the sum of its body included: whoever changes it on the way is found out, also where there is no TLS.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::access::Keys;
use super::time::Stamp;

/// What is to be signed.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    /// As it is sent, percent-encoded.
    pub(super) path: &'a str,
    /// As it is sent: in the order of its names, percent-encoded.
    pub(super) query: &'a str,
    /// In lower case; `host` among them.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body's SHA-256, in hexadecimal digits.
    pub(super) payload: &'a str,
}

impl Unsigned<'_> {
    /// All headers that are sent, the signature among them.
    pub(super) fn sign(mut self, keys: &Keys, region: &str, at: &Stamp) -> Vec<(&'static str, String)> {
        self.headers.push(("x-amz-content-sha256", self.payload.to_owned()));
        self.headers.push(("x-amz-date", at.as_str().to_owned()));
        if let Some(token) = &keys.token {
            self.headers.push(("x-amz-security-token", token.to_string()));
        }
        self.headers.sort();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let scope = format!("{}/{region}/s3/aws4_request", at.day());
        let canonical = hex(&Sha256::digest(self.canonical(&names)));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{canonical}", at.as_str());
        let mut key = mac(format!("AWS4{}", *keys.secret).as_bytes(), at.day());
        for part in [region, "s3", "aws4_request"] {
            key = mac(&key, part);
        }
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={}",
            keys.key_id,
            hex(&mac(&key, &text))
        );
        self.headers.push(("authorization", value));
        self.headers
    }

    fn canonical(&self, names: &str) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.method, self.path, self.query);
        for (name, value) in &self.headers {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name}:{}", value.trim());
        }
        let _ = write!(text, "\n{names}\n{}", self.payload);
        text
    }
}

pub(super) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length will do.
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => return Vec::new(),
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// As hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The sum of no bytes.
pub(super) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the page above, "Examples: Signature Calculations".
    #[test]
    fn signatures_of_the_documentation() {
        let welcome = hex(&Sha256::digest("Welcome to Amazon S3."));
        let range = ("range", "bytes=0-9".to_owned());
        let date = ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned());
        let class = ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned());
        for (method, path, query, headers, payload, expected) in [
            (
                "GET",
                "/test.txt",
                "",
                vec![range],
                EMPTY,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                "/test%24file.text",
                "",
                vec![date, class],
                &welcome,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                "GET",
                "/",
                "lifecycle=",
                Vec::new(),
                EMPTY,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "GET",
                "/",
                "max-keys=2&prefix=J",
                Vec::new(),
                EMPTY,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            let mut headers = headers;
            headers.push(("host", "examplebucket.s3.amazonaws.com".to_owned()));
            let unsigned = Unsigned { method, path, query, headers, payload };
            let signed = unsigned.sign(&example(), "us-east-1", &Stamp::of(1_369_353_600));
            let value = signed.last().map_or("", |(_, value)| value);
            assert!(value.starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"));
            assert!(value.ends_with(&format!(",Signature={expected}")), "{method} {path}: {value}");
        }
        assert_eq!(hex(&Sha256::digest("")), EMPTY);
    }

    #[test]
    fn a_session_s_token_is_signed() {
        let access = Keys { token: Some("abc".to_owned().into()), ..example() };
        let headers = vec![("host", "h".to_owned())];
        let unsigned = Unsigned { method: "GET", path: "/", query: "", headers, payload: EMPTY };
        let signed = unsigned.sign(&access, "r", &Stamp::of(0));
        assert!(signed.contains(&("x-amz-security-token", "abc".to_owned())));
        assert!(signed.last().is_some_and(|(_, value)| value.contains(";x-amz-security-token,")));
    }

    fn example() -> Keys {
        Keys {
            key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned().into(),
            ..Keys::default()
        }
    }
}
