//! For a browser that prints it.

use super::{Sheet, WARNING, qr};

const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}\
                     dt{font-weight:bold}dd{margin:0 0 .6em}code,pre{font-family:monospace}\
                     .words{font:bold 16pt/1.6 monospace}svg{width:6cm;height:6cm}pre{white-space:pre-wrap}";

pub(super) fn sheet(sheet: &Sheet<'_>) -> String {
    let [machine, made, repo, id] = [&sheet.machine, &sheet.made, &sheet.repo, &sheet.id].map(|text| escaped(text));
    let words = sheet.lines().iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>");
    let [see, restore] = sheet.commands().map(|command| escaped(&command));
    let picture = qr::picture(sheet.words).map(|picture| qr::svg(&picture)).unwrap_or_default();
    let key = sheet.key;
    format!(
        "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Recovery sheet of {machine}</title><style>{STYLE}</style></head>
<body><h1>Recovery sheet of {machine}</h1>
<p>Made {made}.</p>
<dl><dt>Repository</dt><dd><code>{repo}</code></dd><dt>Its id</dt><dd><code>{id}</code></dd>
<dt>Words</dt><dd class=\"words\">{words}</dd></dl>
<p>Type the words when the passphrase is asked for. The picture holds the same.</p>
{picture}
<p><strong>{WARNING}</strong></p>
<p>To have the files again, on any Linux machine with nothing but atalaya-agent:</p>
<pre>{see}
{restore}</pre>
<p>If the sheet is lost, from a machine with another owner's key:</p>
<pre>atalaya-agent key remove --repo {repo} {key}</pre>
</body></html>
"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
