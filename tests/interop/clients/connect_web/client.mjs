// A client on @connectrpc/connect-web as browsers have it: Connect in JSON, by the fetch of Node.js.

import { createConnectTransport } from "@connectrpc/connect-web";

import { Connection, versionOf } from "./connection.mjs";
import { registry } from "./details.mjs";
import { main } from "./main.mjs";

const NOT_FOR_IT = {
  large: "a request in JSON may have 1 MiB",
  "keepalive-10s": "fetch knows no pings",
};

await main(
  `${versionOf("connect-web")}, Connect in JSON`,
  // The types of what an `Any` may have, which in JSON is no bytes.
  (address) => new Connection(createConnectTransport({ baseUrl: `http://${address}`, jsonOptions: { registry } })),
  NOT_FOR_IT,
);
