// The command that every client on Node.js is: it runs one case on one connection, whatever the library.

import { parseArgs } from "node:util";

import { CASES } from "./cases.mjs";
import { Service } from "./service.mjs";

/** Whoever exits with it says that something cannot be done. */
const LACKING = 77;

/**
 * @param version the library's name and version
 * @param connect (address, { ping }) => what `Service` calls; `ping` is in milliseconds, 0 for the library's default
 * @param notForIt why the library cannot do some cases, by their names
 */
export async function main(version, connect, notForIt = {}) {
  const { values } = parseArgs({
    options: { address: { type: "string" }, case: { type: "string" }, version: { type: "boolean" } },
  });
  if (values.version) {
    console.log(version);
    return;
  }
  if (values.case in notForIt) {
    console.error(notForIt[values.case]);
    process.exit(LACKING);
  }
  try {
    const ping = values.case === "keepalive-10s" ? 10_000 : 0;
    await CASES[values.case](new Service(connect(values.address, { ping })));
    process.exit(0);
  } catch (error) {
    console.error(String(error).replaceAll("\n", " "));
    process.exit(1);
  }
}
