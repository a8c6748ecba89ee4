// What tests/system/settings looks at: settings.js URL FIRST-LINK FOLDER-FOR-SCREENSHOTS WEBHOOK-BODIES
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const looks = require("./looks");

const [base, first, shots, bodies] = process.argv.slice(2);
const NAME = "ana";
const [OLD, PASSWORD] = ["correct horse battery", "another horse battery"];
const PATHS = ["/settings/nodes", "/settings/accounts", "/settings/accounts/eva", "/settings/accounts/eva/remove", "/settings/tokens", "/settings/tokens/phone/revoke",
  "/settings/channels", "/settings/about", "/audit", "/alerts/sent", "/alerts", "/me", "/"];

let browser, cookies;

const reader = async (options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en", ...options });
  if (cookies && !options.stranger) await context.addCookies(cookies);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return { context, page, complaints };
};

const audit = (page, what) => page.goto(`${base}/audit?what=${what}`).then(() => page.textContent("main"));

const look = (page, name) => looks.look(page, path.join(shots, `${name}.png`));

const steps = {
  async "the first account is made through its link, and logs in"() {
    const { context, page } = await reader({ bypassCSP: true });
    await page.goto(base + first);
    await look(page, "first");
    await page.fill("[name=name]", NAME);
    await page.fill("[name=password]", OLD);
    await page.click("button.main");
    await page.click("form[action='/logout'] button");
    await look(page, "login");
    assert.equal(await page.locator("nav").count(), 0, "a stranger is led nowhere");
    await page.fill("[name=name]", NAME);
    await page.fill("[name=password]", OLD);
    await page.click("button.main");
    assert.equal(await page.textContent(".who"), `Your account: ${NAME}`);
    cookies = await context.cookies();
    await context.close();
  },

  async "a node is added, and its command is seen once"() {
    const { context, page } = await reader({ bypassCSP: true });
    await page.goto(`${base}/settings/nodes`);
    await page.fill("[name=title]", "Clínica Olmos");
    await page.fill("[name=customer]", "Olmos");
    await page.click("#add button");
    const command = await page.textContent(".secret");
    assert.match(command, /^sudo atalaya-agent setup --join atalaya1:[\w-]{60,}$/);
    await look(page, "node-join");
    for (const one of ["/settings/nodes", "/audit"]) {
      await page.goto(base + one);
      assert.ok(!(await page.content()).includes(command.split(":")[1].slice(0, 40)), `${one} tells the secret`);
    }
    assert.match(await audit(page, "node.invite"), /ana[^]*Clínica Olmos/);
    await context.close();
  },

  async "accounts are made, changed and removed"() {
    const { context, page } = await reader();
    const add = async (name) => {
      await page.goto(`${base}/settings/accounts`);
      await page.click("#add summary");
      await page.fill("#add [name=name]", name);
      await page.fill("#add [name=password]", OLD);
      await page.selectOption("#add [name=role]", "operator");
      await page.fill("#add [name=customers]", "Olmos\nRuiz");
      await page.click("#add button");
    };
    await add("eva");
    await page.waitForSelector(".done");
    assert.match(await page.textContent("tbody"), /eva[^]*Operator[^]*Olmos, Ruiz/);
    await add("eva");
    assert.match(await page.textContent("main"), /an account of this name/);
    await page.goto(`${base}/settings/accounts/eva`);
    await page.selectOption("[name=role]", "viewer");
    await page.click("section[aria-labelledby=rights] button");
    await page.fill("section[aria-labelledby=reset] [name=password]", PASSWORD);
    await page.click("section[aria-labelledby=reset] button");
    await add("leo");
    await page.goto(`${base}/settings/accounts/leo`);
    await page.click("a[href$='/remove']");
    await page.click(".verdict button");
    assert.ok(!(await page.textContent("tbody")).includes("leo"));
    await page.goto(`${base}/settings/accounts/${NAME}/remove`);
    await page.click(".verdict button");
    assert.match(await page.textContent("main"), /Nobody would be left/);
    const text = await audit(page, "account");
    for (const what of ["account.add", "account.change", "account.password", "account.remove"]) assert.ok(text.includes(what), what);
    await context.close();
  },

  async "who is limited to a customer sees no settings and no other customer"() {
    const { context, page } = await reader({ stranger: true });
    await page.goto(`${base}/login`);
    await page.fill("[name=name]", "eva");
    await page.fill("[name=password]", PASSWORD);
    await page.click("button.main");
    assert.equal(await page.locator("nav a[href='/settings']").count(), 0);
    for (const [one, status] of [["/settings/nodes", 403], ["/audit", 403], ["/settings/about", 404], ["/settings/channels", 404], ["/alerts/sent", 200]]) {
      assert.equal((await page.request.get(base + one)).status(), status, one);
    }
    await context.close();
  },

  async "a token is made, seen once, and revoked"() {
    const { context, page } = await reader({ bypassCSP: true });
    const add = async (name) => {
      await page.goto(`${base}/settings/tokens`);
      if (!await page.isVisible("#add [name=name]")) await page.click("#add summary");
      await page.fill("#add [name=name]", name);
      await page.check("[value=read]");
      await page.click("#add button");
      return page.textContent(".secret");
    };
    const secret = await add("phone");
    assert.match(secret, /^atl_[\w-]{43}$/);
    await look(page, "token-made");
    const ask = (token) => page.request.get(`${base}/api/v1/nodes/none/series`, { headers: { Authorization: `Bearer ${token}`, Cookie: "" } });
    assert.equal((await ask(secret)).status(), 404);
    const other = await add("other");
    await page.goto(`${base}/settings/tokens`);
    assert.ok(!(await page.content()).includes(secret));
    await page.click("a[href='/settings/tokens/other/revoke']");
    await page.click(".verdict button");
    await page.waitForSelector(".done");
    assert.ok(!(await page.textContent("tbody")).includes("other"));
    assert.match(await audit(page, "token"), /token.revoke[^]*token.add/);
    await context.clearCookies();
    assert.equal((await ask(other)).status(), 401);
    await context.close();
  },

  async "a channel is tested, and what the service says is shown"() {
    const { context, page } = await reader();
    await page.goto(`${base}/settings/channels`);
    await page.click("form[action='/settings/channels/desk/test'] button");
    assert.match(await page.textContent(".banner.ok"), /desk has it/);
    assert.match(fs.readFileSync(bodies, "utf8"), /test/);
    await page.click("form[action='/settings/channels/night/test'] button");
    assert.match(await page.textContent(".banner.high"), /night did not get through/);
    assert.match(await audit(page, "channel.test"), /desk/);
    await context.close();
  },

  async "maintenance is announced, changed and withdrawn"() {
    const { context, page } = await reader({ bypassCSP: true });
    await page.goto(`${base}/alerts`);
    await page.click("#new-window summary");
    await page.fill("#new-window [name=node]", "olmos-*");
    await page.fill("#new-window [name=begins]", "2098-01-04T03:00");
    await page.fill("#new-window [name=hours]", "1.5");
    await page.click("#new-window button");
    assert.match(await page.textContent("main"), /more than two years ahead/);
    const next = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    await page.goto(`${base}/alerts`);
    await page.click("#new-window summary");
    await page.fill("#new-window [name=node]", "olmos-*");
    await page.fill("#new-window [name=begins]", `${next}T03:00`);
    await page.fill("#new-window [name=hours]", "1.5");
    await page.selectOption("#new-window [name=repeat]", "week");
    await page.check("#new-window [name=sun]");
    await page.click("#new-window button");
    await page.waitForSelector(".done");
    const list = "section[aria-labelledby=windows]";
    assert.match(await page.textContent(`${list} tbody`), /olmos-\*[^]*Each week: Sun/);
    await page.click(`${list} tbody a[href^='/alerts/windows/']`);
    await look(page, "window");
    const value = (name) => page.inputValue(`[name=${name}]`);
    assert.deepEqual(await Promise.all(["node", "begins", "to", "hours", "repeat"].map(value)), ["olmos-*", `${next}T03:00`, "", "1.5", "week"]);
    assert.ok(await page.isChecked("[name=sun]") && !await page.isChecked("[name=sat]"));
    await page.fill("[name=hours]", "");
    await page.fill("[name=to]", "05:30");
    await page.check("[name=sat]");
    await page.fill("[name=why]", "new disks");
    await page.click("main button.main");
    await page.waitForSelector(".done");
    assert.match(await page.textContent(`${list} tbody`), /Each week: Sat, Sun, 03:00–05:30[^]*new disks/);
    await page.locator(`${list} tbody button`, { hasText: "Remove" }).click();
    await page.waitForSelector(".done");
    assert.match(await page.textContent(list), /None is announced/);
    assert.match(await audit(page, "window"), /window.remove[^]*window.change[^]*window.add/);
    await context.close();
  },

  async "everybody has a language, a password and sessions of their own"() {
    const { context, page } = await reader();
    await page.goto(`${base}/me`);
    await page.selectOption("[name=language]", "es");
    await page.fill("[name=zone]", "Nowhere/Else");
    await page.click("section[aria-labelledby=prefer] button");
    assert.match(await page.textContent("main"), /time zone is not known/);
    await page.goto(`${base}/me`);
    await page.selectOption("[name=language]", "es");
    await page.fill("[name=zone]", "Europe/Madrid");
    await page.click("section[aria-labelledby=prefer] button");
    assert.equal(await page.getAttribute("html", "lang"), "es");
    await page.selectOption("[name=language]", "en");
    await page.click("section[aria-labelledby=prefer] button");
    const rows = await page.locator("section[aria-labelledby=sessions] tbody tr").count();
    await page.fill("[name=old]", OLD);
    await page.fill("[name=new]", PASSWORD);
    await page.click("section[aria-labelledby=password] button");
    await page.waitForSelector(".done");
    assert.ok(rows >= 1 && await page.locator("section[aria-labelledby=sessions] tbody tr").count() === 1, "the others have ended");
    cookies = await context.cookies();
    const other = await reader({ stranger: true });
    await other.page.goto(`${base}/login`);
    await other.page.fill("[name=name]", NAME);
    await other.page.fill("[name=password]", PASSWORD);
    await other.page.click("button.main");
    await page.reload();
    const theirs = page.locator("section[aria-labelledby=sessions] tbody tr", { hasNotText: "this browser" });
    await theirs.locator("button").click();
    await page.waitForSelector(".done");
    await other.page.goto(base);
    assert.match(other.page.url(), /login$/);
    await other.context.close();
    await context.close();
  },

  async "all of it is readable in both languages, themes and widths"() {
    for (const [locale, width, colorScheme] of [["en", 1280, "light"], ["es", 360, "dark"], ["es", 1280, "dark"], ["en", 360, "light"]]) {
      const { context, page, complaints } = await reader({ locale, colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      await page.goto(`${base}/me`);
      await page.selectOption("[name=language]", locale);
      await page.click("section[aria-labelledby=prefer] button");
      for (const one of PATHS) {
        await page.goto(base + one);
        assert.equal(await page.getAttribute("html", "lang"), locale, one);
        await look(page, `${one.replaceAll("/", "-").slice(1) || "fleet"}-${locale}-${width}`);
        if (locale === "es") assert.deepEqual(await looks.untranslated(page), [], one);
      }
      assert.deepEqual(complaints, []);
      await context.close();
    }
  },

  async "all of it works without scripts"() {
    const { context, page } = await reader({ javaScriptEnabled: false });
    await page.goto(`${base}/settings/accounts`);
    await page.click("#add summary");
    await page.fill("#add [name=name]", "plain");
    await page.fill("#add [name=password]", OLD);
    await page.click("#add button");
    assert.match(await page.textContent("tbody"), /plain/);
    await page.goto(`${base}/audit`);
    await page.fill("[name=what]", "account.add");
    await page.fill("[name=since]", "2999-01-01");
    await page.click(".filter button");
    assert.match(await page.textContent("main"), /There is no such line/);
    await context.close();
  },
};

(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  for (const [name, step] of Object.entries(steps)) {
    console.log(`-- ${name}`);
    await step();
  }
  console.log("settings are as they should be");
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
}).finally(() => browser?.close());
