//! For a printer that knows text alone, or a terminal.

use super::{Sheet, WARNING, qr};

/// Columns of the sheet.
const WIDE: usize = 80;

pub(super) fn sheet(sheet: &Sheet<'_>) -> String {
    let Sheet { machine, made, repo, id, key, .. } = sheet;
    let words = sheet.lines().join("\n               ");
    let [see, restore] = sheet.commands();
    let picture = qr::picture(sheet.words).map(|picture| qr::text(&picture)).unwrap_or_default();
    let warning = wrapped(WARNING);
    format!(
        "Recovery sheet of {machine}, made {made}

  Repository   {repo}
  Its id       {id}
  Words        {words}

Type the words when the passphrase is asked for. The picture holds the same:

{picture}
{warning}

To have the files again, on any Linux machine with nothing but atalaya-agent:

  {see}
  {restore}

If the sheet is lost, from a machine with another owner's key:

  atalaya-agent key remove --repo {repo} {key}
"
    )
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| line.len() + 1 + word.len() <= WIDE);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
