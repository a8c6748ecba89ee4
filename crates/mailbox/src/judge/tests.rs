//! A table of mails, each a file, and what they are.

use super::*;

fn rules() -> Rules {
    Rules { server: "mx.example.org".into(), hosts: vec!["NAS.ddns.net".into(), "attic.ddns.net".into()] }
}

fn mail(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails").join(format!("{name}.eml"));
    std::fs::read(&path).unwrap()
}

/// A verdict in a word or two.
fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unrelated => "unrelated".into(),
        Verdict::Confirm { host, stage, link, .. } => {
            let link = link.as_ref().map_or("-", Link::token);
            format!("confirm {host} {stage:?} {link}")
        }
        Verdict::Look { provider, .. } => format!("look {provider:?}"),
        Verdict::Suspicious { provider, why, .. } => format!("suspicious {provider:?} {why:?}"),
    }
}

const TABLE: &[(&str, &str)] = &[
    ("genuine", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-text-wrapped", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-expired", "confirm NAS.ddns.net Expired AbCd1234efgh5678IJK"),
    ("genuine-redemption-encoded", "confirm NAS.ddns.net Redemption AbCd1234efgh5678IJK"),
    ("genuine-quoted-printable", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-base64", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-dmarc-only", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-above-forged", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("genuine-links-bad", "confirm NAS.ddns.net ExpiringSoon -"),
    ("genuine-two-links", "confirm NAS.ddns.net ExpiringSoon -"),
    ("genuine-attached", "confirm NAS.ddns.net ExpiringSoon -"),
    ("genuine-newsletter", "unrelated"),
    ("forged-unchecked", "suspicious NoIp NotChecked"),
    ("forged-failed", "suspicious NoIp NotSigned"),
    ("forged-results-below", "suspicious NoIp NotSigned"),
    ("forged-results-other-server", "suspicious NoIp NotChecked"),
    ("forged-signed-by-other", "suspicious NoIp NotSigned"),
    ("forged-comment", "suspicious NoIp NotSigned"),
    ("forged-lookalike", "suspicious NoIp OtherSender"),
    ("forged-punycode", "suspicious NoIp OtherSender"),
    ("forged-subdomain", "suspicious NoIp OtherSender"),
    ("forged-name-only", "suspicious NoIp OtherSender"),
    ("forged-two-from", "suspicious NoIp Senders"),
    ("forged-two-addresses", "suspicious NoIp Senders"),
    ("forged-address-in-name", "suspicious NoIp OtherSender"),
    ("forged-subject-only", "suspicious NoIp OtherSender"),
    ("not-ours", "suspicious NoIp NotOurs"),
    ("godaddy", "look GoDaddy"),
    ("cloudflare", "look Cloudflare"),
    ("cloudflare-news", "unrelated"),
    ("godaddy-forged", "suspicious GoDaddy NotSigned"),
    ("unrelated", "unrelated"),
    ("broken-mime", "confirm NAS.ddns.net ExpiringSoon AbCd1234efgh5678IJK"),
    ("broken-boundary", "confirm NAS.ddns.net ExpiringSoon -"),
    ("broken-headers", "suspicious NoIp Senders"),
];

#[test]
fn each_mail_is_what_it_is() {
    let wrong: Vec<_> = TABLE
        .iter()
        .map(|(name, expected)| (*name, *expected, short(&judge(&mail(name), &rules()))))
        .filter(|(_, expected, got)| got != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let files = std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails")).unwrap();
    assert_eq!(files.count(), TABLE.len(), "a mail is in no table");
}

#[test]
fn what_concerns_nobody_is_not_read() {
    for (name, _) in TABLE {
        let mail = mail(name);
        let end = mail.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(concerns(&mail[..end]), *name != "unrelated", "{name}");
    }
}

#[test]
fn a_date_and_no_link_in_sight() {
    let verdict = judge(&mail("genuine"), &rules());
    assert!(matches!(verdict, Verdict::Confirm { sent: Some(1_795_341_598), .. }), "{verdict:?}");
    let shown = format!("{verdict:?}");
    assert!(shown.contains("***") && !shown.contains("AbCd1234"), "{shown}");
}

/// Whatever is cut off, flipped or put in: no panic, and no link but the one.
#[test]
fn damage() {
    for name in ["genuine", "genuine-quoted-printable", "genuine-base64", "broken-boundary"] {
        let whole = mail(name);
        let check = |mail: &[u8]| {
            if let Verdict::Confirm { link: Some(link), .. } = judge(mail, &rules()) {
                assert!(link.token().len() <= 64 && link.address().starts_with("https://www.noip.com/confirm-host?n="));
            }
        };
        for at in 0..whole.len() {
            check(&whole[..at]);
            let mut bad = whole.clone();
            bad[at] ^= 0x55;
            check(&bad);
            bad[at] = 0;
            check(&bad);
        }
    }
}

/// What is made to keep a parser busy takes a moment.
#[test]
fn hostile_mails_take_no_time() {
    let head = mail("genuine");
    let end = head.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let size = crate::limits::MAIL_BYTES_MAX;
    let fill = |text: &str| text.repeat(size / text.len() + 1).into_bytes();
    for body in [
        fill("<a href=\""),
        fill("href=https://"),
        fill("https://"),
        fill("<https://\r\n"),
        fill("&amp;"),
        fill("--BOUND\r\nContent-Type: multipart/mixed; boundary=BOUND\r\n\r\n"),
        fill("--BOUND\r\nContent-Type: message/rfc822\r\n\r\n"),
        fill("--BOUND\r\n\r\n"),
        fill("=?utf-8?B?"),
    ] {
        let begun = std::time::Instant::now();
        let _ = judge(&[&head[..end + 4], &body].concat(), &rules());
        let _ = judge(&body, &rules());
        let headers = ["From: a@noip.com\r\nSubject: ".as_bytes(), &body].concat();
        let _ = judge(&headers, &rules());
        assert!(begun.elapsed().as_secs() < 20, "{:?}: {:?}", &body[..20], begun.elapsed());
    }
    let many = "Authentication-Results: (((((\r\n".repeat(10_000) + "From: a@noip.com\r\n\r\n";
    let _ = judge(many.as_bytes(), &rules());
    let senders = format!("From: {}\r\n\r\n", "a@noip.com, ".repeat(30_000));
    let _ = judge(senders.as_bytes(), &rules());
}
