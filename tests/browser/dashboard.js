// What tests/system/dashboard looks at: dashboard.js URL MQTT-PORT FOLDER-FOR-SCREENSHOTS
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [base, mqtt, shots] = process.argv.slice(2);
const host = new URL(base).host;
const FIRST_VIEW_BYTES_MAX = 200_000;
const PATHS = ["/", "/nodes/nas-olmos", "/nodes/hostil", "/alerts", "/incidents", "/incidents/1", "/alerts/rules", "/runbooks/disk-failing"];
const TITLES = { en: "Needs somebody", es: "Necesita a alguien" };

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
  async "pages are readable in both languages, themes and widths"() {
    const axe = require.resolve("axe-core/axe.min.js");
    for (const [locale, width, colorScheme] of [["en", 1280, "light"], ["es", 360, "dark"], ["es", 1280, "dark"], ["en", 360, "light"]]) {
      const { context, page, heard } = await reader({ locale, colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      for (const one of PATHS) {
        await page.goto(base + one);
        assert.equal(await page.getAttribute("html", "lang"), locale);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${one} is ${over} px wider than ${width}`);
        await page.addScriptTag({ path: axe });
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        const told = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html + " " + node.failureSummary).join("\n")}`);
        assert.deepEqual(told, [], `${one} at ${width}`);
        const name = `${one.replaceAll("/", "-").slice(1) || "fleet"}-${locale}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(shots, name), fullPage: true });
      }
      await page.goto(base);
      assert.ok((await page.textContent("h1")).startsWith(TITLES[locale]));
      assert.deepEqual(heard.complaints, []);
      await context.close();
    }
  },

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
    const before = await page.textContent("#open");
    tell("casa-lopez", "disk/ZA-casa-lopez-1", { health: "failing", problem: "it clicks" });
    const other = await reader();
    await other.page.goto(`${base}/alerts`);
    await other.page.waitForFunction((before) => document.querySelector("#open").textContent !== before, before, { timeout: 10000 });
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
};

(async () => {
  await play();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  // Until what was told has been written and looked at.
  const { context, page } = await reader();
  for (let left = 50; left > 0 && !/critical/.test(await page.goto(base).then(() => page.textContent("h1"))); left -= 1) await page.waitForTimeout(100);
  await context.close();
  for (const [name, step] of Object.entries(steps)) {
    console.log(`-- ${name}`);
    await step();
  }
  console.log("the dashboard is as it should be");
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
}).finally(async () => {
  fleet?.removeAllListeners("exit");
  fleet?.stdin.end();
  await browser?.close();
});
