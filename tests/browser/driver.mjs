// Runs Chromium, and in it what each line of stdin says: code of Playwright with `page` and `arg`, in the tab that it names.
// Answers each by a line: its value, or why there is none.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executablePath, ...args] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args });
const tabs = new Map();

async function opened() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, locale: "en-GB" });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

async function run({ tab, code, arg }) {
  if (!tabs.has(tab)) tabs.set(tab, opened());
  const page = await tabs.get(tab);
  return await new Function("page", "arg", `return (async () => { ${code} })()`)(page, arg);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answer = content => process.stdout.write(`${JSON.stringify({ id: asked.id, ...content })}\n`);
  run(asked).then(value => answer({ value: value ?? null }), error => answer({ error: String(error) }));
}
await browser.close();
