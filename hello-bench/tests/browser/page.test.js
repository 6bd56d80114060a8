// The report in a browser: light, dark and on a phone. PAGES names the pages, CHROMIUM the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = (process.env.PAGES ?? "").split(":").filter(Boolean);
const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1160, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1160, height: 900 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
  { name: "phone, dark", colorScheme: "dark", viewport: { width: 390, height: 844 } },
];

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
});

after(async () => {
  await browser?.close();
});

/** A page as it is opened from disk, without network; `requests` fills with whatever else it asks for. */
async function opened(path, look) {
  const context = await browser.newContext({ ...look, offline: true, bypassCSP: true });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const requests = [];
  page.on("request", (request) => {
    if (request.url() !== url) requests.push(request.url());
  });
  await page.goto(url);
  return { context, page, requests };
}

/** What is too small or cut off, measured in the page. */
function faults() {
  const found = [];
  const wide = document.scrollingElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`the page is ${wide} px too wide`);
  for (const text of document.querySelectorAll("svg text")) {
    const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
    if (size < 11) found.push(`"${text.textContent}" is ${size.toFixed(1)} px`);
    const [own, whole] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
    if (own.left < whole.left - 1 || own.right > whole.right + 1 || own.top < whole.top - 1 || own.bottom > whole.bottom + 1) {
      found.push(`"${text.textContent}" is cut off in ${text.ownerSVGElement.getAttribute("aria-label").slice(0, 40)}`);
    }
  }
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const parent = words.currentNode.parentElement;
    if (words.currentNode.textContent.trim() === "" || parent.closest("svg, style")) continue;
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < 11) found.push(`"${words.currentNode.textContent.trim().slice(0, 30)}" is ${size} px`);
  }
  return found;
}

test("there are pages to look at", () => {
  assert.ok(PAGES.length > 0, "PAGES names no page");
});

for (const path of PAGES) {
  for (const look of LOOKS) {
    test(`${path.split("/").pop()}, ${look.name}`, async () => {
      const { context, page, requests } = await opened(path, look);
      assert.deepEqual(await page.evaluate(faults), []);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
      assert.deepEqual(told, []);
      assert.deepEqual(requests, []);
      assert.equal(await page.locator("script").count(), 0);
      if (process.env.SHOTS) {
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = false)));
        const name = `${path.split("/").pop().replace(".html", "")}-${look.name.replace(", ", "-")}.png`;
        await page.screenshot({ path: `${process.env.SHOTS}/${name}`, fullPage: true });
      }
      await context.close();
    });
  }
}
