// A client on @connectrpc/connect-node, with its transport of gRPC.

import { createGrpcTransport } from "@connectrpc/connect-node";

import { Connection, versionOf } from "./connection.mjs";
import { main } from "./main.mjs";

await main(versionOf("connect-node"), (address, { ping }) => {
  const pings = ping ? { pingIntervalMs: ping, pingIdleConnection: true } : {};
  return new Connection(createGrpcTransport({ baseUrl: `http://${address}`, ...pings }));
});
