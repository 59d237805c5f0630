// A client on @connectrpc/connect-web, with its transport of gRPC-Web, by the fetch of Node.js.

import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { Connection, versionOf } from "./connection.mjs";
import { main } from "./main.mjs";

await main(
  `${versionOf("connect-web")}, gRPC-Web`,
  (address) => new Connection(createGrpcWebTransport({ baseUrl: `http://${address}` })),
  { "keepalive-10s": "fetch knows no pings" },
);
