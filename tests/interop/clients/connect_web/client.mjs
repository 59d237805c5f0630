// A client on @connectrpc/connect-web as browsers have it: Connect in JSON, by the fetch of Node.js, and what only
// reads by GET.

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
  (address) => {
    // In JSON an `Any` is no bytes: its types have to be known.
    const options = { useHttpGet: true, jsonOptions: { registry } };
    return new Connection(createConnectTransport({ baseUrl: `http://${address}`, ...options }));
  },
  NOT_FOR_IT,
);
