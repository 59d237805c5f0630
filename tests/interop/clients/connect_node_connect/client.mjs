// A client on @connectrpc/connect-node, with its transport of Connect: protobuf over HTTP/2.

import { createConnectTransport } from "@connectrpc/connect-node";

import { Connection, versionOf } from "./connection.mjs";
import { main } from "./main.mjs";

await main(`${versionOf("connect-node")}, Connect`, (address, { ping }) => {
  const pings = ping ? { pingIntervalMs: ping, pingIdleConnection: true } : {};
  return new Connection(createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "2", ...pings }));
});
