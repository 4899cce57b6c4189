// browser.mjs TASK.json: opens pages in a real headless Chromium, and prints what it saw as JSON.
//
// {"url": ..., "folder": for screenshots, "profile": a new folder,
//  "views": [{"name", "width", "height", "dark", "script" (JavaScript on), "axe", "aria" (what a screen reader is told), "whole" (false: only
//   what fits the window), "steps": [...]}]}
// A step: {"press": "Tab", "times": n}, {"click": selector}, {"wait": selector}, {"eval": expression},
// {"go": path}, {"ready": file that is made, for the test to wait for}. What is waited for must be visible, unless "hidden" is true.
import fs from "node:fs";
import path from "node:path";
import {createRequire} from "node:module";

const task = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const require = createRequire(path.join(task.modules, "package.json"));
const {chromium} = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function step(page, one) {
  if (one.press) for (let i = 0; i < (one.times || 1); i++) await page.keyboard.press(one.press);
  if (one.click) await page.click(one.click);
  if (one.wait) await page.waitForSelector(one.wait, {timeout: 60000,
    state: one.hidden ? "attached" : "visible"});
  if (one.go !== undefined) await page.goto(new URL(one.go, task.url).href);
  if (one.ready) fs.writeFileSync(one.ready, "");
  if (one.eval) return await page.evaluate(one.eval);
  return null;
}

async function violations(page) {
  await page.evaluate(axe);
  return await page.evaluate(async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa",
    "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})).violations.map((v) => ({id: v.id,
    help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 200))})));
}

async function look(context, view) {
  const page = await context.newPage();
  const seen = {name: view.name, errors: [], requests: [], steps: []};
  page.on("console", (m) => m.type() === "error" && seen.errors.push(m.text()));
  page.on("pageerror", (e) => seen.errors.push(String(e)));
  page.on("dialog", (d) => { seen.errors.push("a dialog: " + d.message()); d.dismiss(); });
  page.on("request", (r) => seen.requests.push(r.url()));
  await page.goto(task.url, {waitUntil: "load"});
  for (const one of view.steps || []) seen.steps.push(await step(page, one));
  if (view.aria) seen.aria = await page.locator("body").ariaSnapshot();
  seen.title = await page.title();
  seen.text = await page.innerText("body");
  seen.h1 = await page.innerText("h1");
  if (view.script !== false) {
    seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }
  // Chromium lets its debugger run scripts in spite of the page's policy; the page itself cannot.
  if (view.axe) seen.violations = await violations(page);
  if (task.folder)
    await page.screenshot({path: path.join(task.folder, view.name + ".png"), fullPage: view.whole !== false});
  await page.close();
  return seen;
}

const results = [];
for (const [i, view] of task.views.entries()) {
  const context = await chromium.launchPersistentContext(path.join(task.profile, String(i)), {
    executablePath: "/usr/bin/chromium", headless: true, args,
    viewport: {width: view.width || 1100, height: view.height || 800},
    deviceScaleFactor: view.scale || 1,
    colorScheme: view.dark ? "dark" : "light", javaScriptEnabled: view.script !== false,
    httpCredentials: task.credentials});
  try {
    results.push(await look(context, view));
  } finally {
    await context.close();
  }
}
console.log(JSON.stringify(results));
