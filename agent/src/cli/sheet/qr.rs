//! The words as a QR code (ISO/IEC 18004).

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around it, as the standard wants.
const MARGIN: i32 = 4;

/// In capitals, of which a code of the same size holds half as many again. A quarter of it may be unreadable.
pub(super) fn picture(words: &str) -> Option<QrCode> {
    QrCode::encode_text(&words.to_ascii_uppercase(), QrCodeEcc::Quartile).ok()
}

/// Two rows of modules in each line of text. Ink is dark, for paper; on a dark terminal it is inverted, which phones read.
pub(super) fn text(picture: &QrCode) -> String {
    let from = -MARGIN;
    let to = picture.size() + MARGIN;
    let mut out = String::new();
    for y in (from..to).step_by(2) {
        out.push_str("  ");
        for x in from..to {
            let dark = |y: i32| y < to && picture.get_module(x, y);
            out.push(match (dark(y), dark(y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// A picture for a page.
pub(super) fn svg(picture: &QrCode) -> String {
    let side = picture.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..picture.size() {
        for x in (0..picture.size()).filter(|x| picture.get_module(*x, y)) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"the words as a \
         QR code\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\"/></svg>"
    )
}
