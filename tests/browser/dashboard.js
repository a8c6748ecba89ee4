// What tests/system/dashboard looks at: dashboard.js URL MQTT-PORT FOLDER-FOR-SCREENSHOTS STATE-FOLDER
const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const { look, untranslated, said } = require("./looks");

const [base, mqtt, shots, state] = process.argv.slice(2);
const host = new URL(base).host;
const FIRST_VIEW_BYTES_MAX = 200_000;
const TITLES = { en: "Needs somebody", es: "Necesita a alguien" };
const PATHS = ["/", "/nodes/nas-olmos", "/nodes/estudio-vega", "/nodes/hostil", "/alerts", "/alerts/sent", "/incidents", "/incidents/1", "/alerts/rules",
  "/runbooks/disk-failing", "/renewals", "/settings/accounts", "/audit", "/me", "/api", "/nowhere"];
// What people use: a language, how wide, how bright.
const READERS = [["en", 1280, "light"], ["es", 360, "dark"], ["es", 1280, "dark"], ["en", 360, "light"]];
const [NAME, PASSWORD] = ["ana", "correct horse battery"];

let fleet, browser;

const play = () => new Promise((resolve, reject) => {
  fleet = spawn("python3", [path.join(__dirname, "fleet.py"), mqtt], { stdio: ["pipe", "pipe", "inherit"] });
  fleet.stdout.on("data", (text) => String(text).includes("ready") && resolve());
  fleet.on("exit", (code) => reject(new Error(`fleet.py ended with ${code}`)));
});
const tell = (node, view, keys) => fleet.stdin.write(`${node} ${view} ${JSON.stringify(keys)}\n`);

// A reader, with what their browser asked for and complained of.
const reader = async (options) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en", ...options });
  const page = await context.newPage();
  const heard = { bodies: [], complaints: [], hosts: new Set() };
  page.on("request", (request) => heard.hosts.add(new URL(request.url()).host));
  page.on("response", (response) => {
    if (!response.url().includes("/live")) heard.bodies.push(response.body().catch(() => ""));
  });
  page.on("pageerror", (error) => heard.complaints.push(error.message));
  page.on("dialog", (dialog) => heard.complaints.push(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => {
    // Where there is no history yet the API says so.
    const expected = message.location().url.includes("/history?");
    if (message.type() === "error" && !expected) heard.complaints.push(message.text());
  });
  return { context, page, heard };
};

const steps = {
  async "the first view is small, whole and from one host"() {
    const { context, page, heard } = await reader();
    await page.goto(base, { waitUntil: "load" });
    await page.waitForSelector("#live-state:not(.dead):not([hidden])");
    assert.deepEqual([...heard.hosts], [host]);
    const bytes = (await Promise.all(heard.bodies)).reduce((sum, body) => sum + body.length, 0);
    assert.ok(bytes > 50_000 && bytes < FIRST_VIEW_BYTES_MAX, `${bytes} bytes`);
    console.log(`   ${bytes} bytes`);
    const first = await page.textContent(".fleet tbody tr:first-child th a");
    assert.ok(["Clínica Olmos", "Despacho Ruiz"].includes(first), `${first} is the worst`);
    assert.equal(await page.locator(".fleet tbody tr").count(), 12);
    assert.equal(await page.title(), "Fleet · Atalaya");
    assert.deepEqual(heard.complaints, []);
    await context.close();
  },

  async "a value changes live, without a reload"() {
    const { context, page, heard } = await reader();
    await page.goto(`${base}/nodes/casa-gil`);
    await page.waitForSelector("#live-state:not(.dead):not([hidden])");
    await page.evaluate(() => { window.same = true; });
    tell("casa-gil", "system", { cpu_percent: 87 });
    await page.waitForFunction(() => document.querySelector(".tiles .figure").textContent.includes("87"), null, { timeout: 5000 });
    tell("casa-gil", "fs/datos", { used_percent: 66.6, state: "stuck" });
    await page.waitForFunction(() => document.querySelector("#rest").textContent.includes("67"), null, { timeout: 5000 });
    assert.equal(await page.evaluate(() => window.same), true);
    assert.deepEqual(heard.complaints, []);
    await context.close();
  },

  async "what is typed stays, whatever changes"() {
    const { context, page } = await reader();
    await page.goto(`${base}/alerts`);
    await page.waitForSelector("#live-state:not(.dead):not([hidden])");
    await page.click("#new-silence > summary");
    await page.fill("#new-silence [name=why]", "half a sentence");
    tell("casa-lopez", "disk/ZA-casa-lopez-1", { health: "failing", problem: "it clicks" });
    const other = await reader();
    await other.page.goto(`${base}/alerts`);
    await other.page.waitForSelector("article:has(a[href='/nodes/casa-lopez'])", { timeout: 10000 });
    await other.context.close();
    assert.equal(await page.inputValue("#new-silence [name=why]"), "half a sentence");
    await context.close();
  },

  async "an alert is acknowledged, and others see it"() {
    const [one, other] = [await reader(), await reader({ locale: "es" })];
    await other.page.goto(`${base}/alerts`);
    await other.page.waitForSelector("#live-state:not(.dead):not([hidden])");
    await one.page.goto(`${base}/alerts`);
    const card = one.page.locator("section[aria-labelledby=waiting] article").first();
    const id = await card.getAttribute("id");
    await card.locator("summary").first().click();
    await card.locator("[name=note]").fill("new disk <b>ordered</b>");
    await card.locator("form[action='/alerts/acknowledge'] button").click();
    await one.page.waitForSelector(".done");
    assert.match(await one.page.textContent(`section[aria-labelledby=cared] #${id}`), /new disk <b>ordered<\/b>/);
    await other.page.waitForSelector(`section[aria-labelledby=cared] #${id}`, { timeout: 10000 });
    await one.context.close();
    await other.context.close();
  },

  async "a silence begins and ends; one about everything is refused"() {
    const { context, page } = await reader();
    await page.goto(`${base}/alerts`);
    const fill = async (node) => {
      await page.click("#new-silence > summary");
      await page.fill("#new-silence [name=node]", node);
      await page.fill("#new-silence [name=why]", "painting");
      await page.check("#new-silence [name=planned]");
      await page.click("#new-silence button");
    };
    await fill("casa-*");
    await page.waitForSelector(".done");
    const row = page.locator("section[aria-labelledby=silences] tbody tr");
    assert.match(await row.textContent(), /casa-\*[^]*painting/);
    await row.locator("button").click();
    await page.waitForFunction(() => !document.querySelector("section[aria-labelledby=silences] tbody"));
    await fill("");
    assert.match(await page.textContent("main"), /silence everything/);
    await context.close();
  },

  async "an incident is followed up"() {
    const { context, page } = await reader();
    await page.goto(`${base}/incidents/1`);
    await page.fill("[name=text][rows]", "The cable was loose");
    await page.selectOption("[name=stage]", "analysed");
    await page.click("section[aria-labelledby=add-note] button");
    await page.waitForSelector(".done");
    assert.match(await page.textContent(".timeline"), /The cable was loose/);
    assert.equal(await page.textContent(".steps [aria-current]"), "Analysed");
    await page.fill("[name=owner]", "Ana");
    await page.fill("[name=due]", "2030-05-06");
    await page.fill("[name=ticket]", "T-77");
    await page.click("section[aria-labelledby=follow] button");
    await page.waitForSelector(".done");
    assert.equal(await page.inputValue("[name=due]"), "2030-05-06");
    await page.goto(`${base}/incidents`);
    assert.match(await page.textContent("main"), /T-77[^]*Ana/);
    await context.close();
  },

  async "all of it works without scripts"() {
    const { context, page } = await reader({ javaScriptEnabled: false });
    await page.goto(base);
    await page.fill("[name=q]", "olmos");
    await page.click(".filter button");
    assert.equal(await page.locator(".fleet tbody tr").count(), 1);
    await page.goto(`${base}/alerts`);
    const card = page.locator("section[aria-labelledby=waiting] article").first();
    const id = await card.getAttribute("id");
    await card.locator("summary").first().click();
    await card.locator("form[action='/alerts/acknowledge'] button").click();
    assert.equal(await page.locator(`section[aria-labelledby=cared] #${id}`).count(), 1);
    await context.close();
  },

  async "the keyboard reaches everything and can be seen"() {
    const { context, page } = await reader();
    await page.goto(base);
    await page.keyboard.press("Tab");
    const skip = await page.evaluate(() => [document.activeElement.className, document.activeElement.getBoundingClientRect().top]);
    assert.ok(skip[0] === "skip" && skip[1] >= 0, "the first stop leads to what matters");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
    await context.close();
  },

  async "an account is made, and from then on everybody logs in"() {
    const file = path.join(shots, "password");
    fs.writeFileSync(file, PASSWORD, { mode: 0o600 });
    execFileSync("atalaya-sidecar", ["user", "add", NAME, "--role", "approver", "--password-file", file, "--state-dir", state]);
    fs.rmSync(file);
    const { context, page } = await reader();
    await page.goto(`${base}/alerts`);
    assert.match(page.url(), /\/login\?back=/);
    await context.close();
  },
};

// Everything that somebody does on an evening with an alert, in each language and at each width.
const evening = async (locale, width, colorScheme, turn) => {
  const { context, page, heard } = await reader({ locale, colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
  const words = said(locale);
  const shown = (name) => look(page, path.join(shots, `${name}-${locale}-${width}-${colorScheme}.png`));
  await page.goto(`${base}/nodes/nas-olmos`);
  await shown("login");
  await page.fill("[name=name]", NAME);
  await page.fill("[name=password]", "something else");
  await page.click("button.main");
  await page.waitForSelector("[role=alert]");
  assert.equal((await page.textContent("[role=alert]")).trim(), words["people.wrong"]);
  await page.fill("[name=password]", PASSWORD);
  await page.click("button.main");
  await page.waitForSelector("#name");
  assert.match(page.url(), /\/nodes\/nas-olmos$/);
  heard.complaints.length = 0; // that a wrong password was refused is on the console

  await page.click(".who");
  await page.selectOption("[name=language]", locale);
  await page.click("section[aria-labelledby=prefer] button");
  await page.click(".brand");
  assert.equal(await page.getAttribute("html", "lang"), locale);
  assert.ok((await page.textContent("h1")).startsWith(TITLES[locale]));
  await page.click(".fleet th a:text-is('Clínica Olmos')");
  await page.waitForSelector("#live-state:not(.dead):not([hidden])");
  const figure = String(71 + turn);
  tell("nas-olmos", "system", { cpu_percent: Number(figure) });
  await page.waitForFunction((figure) => document.querySelector(".tiles .figure").textContent.includes(figure), figure, { timeout: 5000 });

  // Lines are drawn, and others once another time is chosen.
  const drawn = () => page.evaluate(() => {
    const canvas = document.querySelector(".plot canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const line = [0x3b, 0x8e, 0xa5]; // the first series
    const places = [];
    for (let at = 0; at < data.length; at += 4) if (line.every((part, of) => Math.abs(data[at + of] - part) < 24)) places.push((at / 4) % canvas.width);
    return { points: places.length, from: Math.min(...places) / canvas.width, to: Math.max(...places) / canvas.width };
  });
  const choose = async (seconds) => {
    const asked = page.waitForResponse((answer) => answer.url().includes("/history?") && answer.url().includes("system.cpu_percent"));
    await page.click(`[data-range="${seconds}"]`);
    const url = new URL((await asked).url());
    const span = (Date.parse(url.searchParams.get("to")) - Date.parse(url.searchParams.get("from"))) / 1000;
    assert.ok(Math.abs(span - seconds) < 5, `${span} s are asked for`);
    assert.equal(await page.getAttribute(`[data-range="${seconds}"]`, "aria-pressed"), "true");
    await page.waitForTimeout(200);
    return drawn();
  };
  await page.locator(".graphs").scrollIntoViewIfNeeded();
  await page.waitForSelector(".plot canvas");
  await page.waitForTimeout(200);
  const hours = await drawn();
  assert.ok(hours.points > 100 && hours.to - hours.from > 0.4, `six hours: ${JSON.stringify(hours)}`);
  const week = await choose(604800);
  assert.ok(week.points > 50 && week.to - week.from < 0.7 * (hours.to - hours.from), `of a week three days are known: ${JSON.stringify([hours, week])}`);
  const again = await choose(21600);
  assert.ok(Math.abs(again.from - hours.from) < 0.02, "and back");
  await page.locator(".graphs").screenshot({ path: path.join(shots, `graphs-${locale}-${width}-${colorScheme}.png`) });

  const node = ["casa-gil", "casa-marin", "casa-ortega", "casa-navarro"][turn];
  tell(node, `disk/ZA-${node}-1`, { health: "failing", problem: "it clicks" });
  await page.click("nav a[href='/alerts']");
  const card = page.locator(`section[aria-labelledby=waiting] article:has(a[href="/nodes/${node}"])`).first();
  const id = await card.getAttribute("id");
  await card.locator("summary").first().click();
  await card.locator("[name=note]").fill(`disco ${turn}`);
  await shown("acknowledge");
  await card.locator("form[action='/alerts/acknowledge'] button").click();
  await page.waitForSelector(".done");
  assert.equal((await page.textContent(".done")).trim(), words["done.acknowledged"]);
  assert.match(await page.textContent(`section[aria-labelledby=cared] #${id}`), new RegExp(`disco ${turn}`));

  await page.click("#new-silence > summary");
  await page.fill("#new-silence [name=node]", "casa-*");
  await page.fill("#new-silence [name=why]", "obras");
  await page.click("#new-silence button");
  await page.waitForSelector(".done");
  assert.equal((await page.textContent(".done")).trim(), words["done.silenced"]);
  const row = page.locator("section[aria-labelledby=silences] tbody tr");
  assert.match(await row.textContent(), /casa-\*[^]*obras/);
  await shown("silence");
  await row.locator("button").click();
  await page.waitForSelector("section[aria-labelledby=silences] tbody", { state: "detached" });

  for (const one of PATHS) {
    await page.goto(base + one);
    assert.equal(await page.getAttribute("html", "lang"), locale);
    await shown(one.replaceAll("/", "-").slice(1) || "fleet");
    if (locale === "es") assert.deepEqual(await untranslated(page), [], one);
  }
  assert.deepEqual(heard.complaints.filter((text) => !text.includes("404")), []);
  await context.close();
};

// By keyboard alone: log in, past what every page begins with, to an alert, and acknowledge it. Each stop can be seen.
const by_keyboard = async (locale, width) => {
  const { context, page } = await reader({ locale, reducedMotion: "reduce", viewport: { width, height: 800 } });
  const key = (name) => page.keyboard.press(name);
  const on = () => page.evaluate(async () => {
    // What has the focus is scrolled to before the next picture.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
    const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return { tag: one.tagName, class: one.className, href: one.getAttribute("href"), name: one.getAttribute("name"), id: one.id, text: one.textContent.trim().slice(0, 40), seen, marked };
  });
  const to = async (what, is, most = 60) => {
    for (let left = most; left > 0; left -= 1) {
      await key("Tab");
      const stop = await on();
      if (stop.tag === "BODY") continue;
      assert.ok(stop.seen && stop.marked, `a stop that cannot be seen: ${JSON.stringify(stop)}`);
      if (is(stop)) return;
    }
    assert.fail(`${what} is not reached`);
  };
  await page.goto(base);
  assert.equal((await on()).name, "name", "where one begins to write");
  await page.keyboard.type(NAME);
  await key("Tab");
  await page.keyboard.type(PASSWORD);
  await key("Enter");
  await page.waitForSelector("#verdict");
  await to("what leads past", (stop) => stop.class === "skip", 1);
  await key("Enter");
  assert.equal((await on()).id, "main");
  await page.reload();
  await to("alerts", (stop) => stop.href === "/alerts", 8);
  await Promise.all([page.waitForURL(/\/alerts$/), key("Enter")]);
  await page.waitForSelector("h1");
  await to("an alert", (stop) => stop.tag === "SUMMARY" && [said("en").acknowledge, said("es").acknowledge].includes(stop.text));
  await key("Enter");
  await to("its note", (stop) => stop.name === "note", 2);
  await page.keyboard.type("by keyboard");
  await to("its button", (stop) => stop.tag === "BUTTON", 1);
  await key("Enter");
  await page.waitForSelector(".done");
  assert.match(await page.textContent("section[aria-labelledby=cared]"), /by keyboard/);
  await context.close();
};

READERS.forEach((one, turn) => {
  steps[`${one.join(", ")}: an evening with an alert, and every page`] = () => evening(...one, turn);
});
steps["by keyboard alone, in both languages and widths"] = async () => {
  for (const node of ["casa-gil", "casa-marin"]) tell(node, `disk/ZA-${node}-2`, { health: "failing", problem: "it clicks" });
  await by_keyboard("en", 1280);
  await by_keyboard("es", 360);
};

(async () => {
  await play();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  // Until what was told has been written and looked at.
  const { context, page } = await reader();
  for (let left = 50; left > 0 && !/critical/.test(await page.goto(base).then(() => page.textContent("h1"))); left -= 1) await page.waitForTimeout(100);
  await context.close();
  for (const [name, step] of Object.entries(steps)) {
    const began = Date.now();
    // One that fails keeps none from being looked at.
    await step().catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
    console.log(`-- ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  if (!process.exitCode) console.log("the dashboard is as it should be");
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
}).finally(async () => {
  fleet?.removeAllListeners("exit");
  fleet?.stdin.end();
  await browser?.close();
});
