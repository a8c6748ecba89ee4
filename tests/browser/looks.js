// What every page is looked at for, whatever is on it.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

const top = path.join(__dirname, "../..");
const text = (value) => JSON.parse(`"${value}"`);

// A catalogue: a key and a text on each line.
const said = (language) => {
  const lines = fs.readFileSync(path.join(top, `sidecar/words/${language}.toml`), "utf8").split("\n");
  return Object.fromEntries(lines.filter(Boolean).map((line) => {
    const [, key, value] = line.match(/^"([^"]+)" = "(.*)"$/);
    return [key, text(value)];
  }));
};

// Words of the wire: as they come, and in both languages.
const words = () => fs.readFileSync(path.join(top, "crates/alert/src/words/values.toml"), "utf8").split("\n").filter((line) => line.includes(" = {")).map((line) => {
  const [, word, en, es] = line.match(/^"?([^"=]+?)"? = \{ en = "(.*)", es = "(.*)" \}$/);
  return { word, en: text(en), es: text(es) };
});

// Texts of a Spanish page that are English ones of ours.
const untranslated = async (page) => {
  const [en, es] = [Object.values(said("en")), new Set(Object.values(said("es")))];
  const all = words();
  const spanish = new Set([...es, ...all.map((one) => one.es)]);
  const english = [...en, ...all.flatMap((one) => [one.word, one.en])].filter((one) => !spanish.has(one) && !one.includes("{"));
  return page.evaluate((english) => {
    const known = new Set(english.map((one) => one.toLowerCase()));
    // Names that people gave, and those of the configuration.
    const names = "code, option:not([value]), [lang=en], script, section[aria-labelledby=probes] td:nth-child(2), td:has(a[href^='/runbooks/']) small";
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const { parentElement } = walk.currentNode, said = walk.currentNode.textContent.trim();
      if (known.has(said.toLowerCase()) && !parentElement.closest(names)) found.push(`${said} in ${parentElement.outerHTML.slice(0, 120)}`);
    }
    for (const name of ["aria-label", "title", "placeholder"]) {
      for (const one of document.querySelectorAll(`[${name}]`)) if (known.has(one.getAttribute(name).toLowerCase())) found.push(`${name}: ${one.getAttribute(name)}`);
    }
    return found;
  }, english);
};

// No serious violation, nothing wider than the window; and a picture for people.
const look = async (page, picture) => {
  if (!await page.evaluate(() => window.axe)) await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html + " " + node.failureSummary).join("\n")}`);
  assert.deepEqual(told, [], `${page.url()} in ${picture}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${page.url()} is ${over} px too wide in ${picture}`);
  await page.screenshot({ path: picture, fullPage: true });
};

module.exports = { look, untranslated, said };
