// Pictures of a report for a README: npm run shots -- REPORT FOLDER. Of a report on limits it is the section on those.

import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [report, folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: npm run shots -- REPORT FOLDER");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
for (const colorScheme of ["light", "dark"]) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1160, height: 1080 } });
  await page.goto(pathToFileURL(report).href);
  const copes = page.locator("#copes");
  if ((await copes.count()) > 0) {
    await copes.screenshot({ path: `${folder}/copes-${colorScheme}.png` });
    continue;
  }
  await page.screenshot({ path: `${folder}/report-${colorScheme}.png` });
}
await browser.close();
