// A client on @connectrpc/connect-node, with its transport of Connect: protobuf over HTTP/2, compressed.

import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";

import { Connection, versionOf } from "./connection.mjs";
import { main } from "./main.mjs";

await main(`${versionOf("connect-node")}, Connect`, (address, { ping }) => {
  const pings = ping ? { pingIntervalMs: ping, pingIdleConnection: true } : {};
  const options = { httpVersion: "2", sendCompression: compressionGzip, ...pings };
  return new Connection(createConnectTransport({ baseUrl: `http://${address}`, ...options }));
});
