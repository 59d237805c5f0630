// What the clients on Connect for JavaScript share: each brings a transport of its own.

import { readFileSync } from "node:fs";

import { fromJson, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";

import { registry, unpacked } from "./details.mjs";
import { CallFailed } from "./service.mjs";
import { FeedService } from "./unisono/v1/feed_service_pb.js";
import { NotificationService } from "./unisono/v1/notification_service_pb.js";

const SERVICES = { FeedService, NotificationService };

/** Clients on a transport. */
export class Connection {
  constructor(transport) {
    const clients = Object.entries(SERVICES).map(([name, service]) => [name, createClient(service, transport)]);
    this.clients = Object.fromEntries(clients);
  }

  async call(service, method, request, token, timeoutMs) {
    const name = method[0].toLowerCase() + method.slice(1);
    const { input, output } = SERVICES[service].method[name];
    const options = { headers: bearer(token), timeoutMs };
    const response = await raising(this.clients[service][name](fromJson(input, request), options));
    return toJson(output, response, { registry });
  }

  subscribe(request, token, timeoutMs) {
    const { input, output } = FeedService.method.subscribe;
    const aborting = new AbortController();
    const options = { headers: bearer(token), timeoutMs, signal: aborting.signal };
    const messages = this.clients.FeedService.subscribe(fromJson(input, request), options)[Symbol.asyncIterator]();
    const next = async () => {
      const { value, done } = await raising(messages.next());
      return { value: value && toJson(output, value, { registry }), done };
    };
    return { next, cancel: () => aborting.abort() };
  }
}

/** Return the name and the version of a package. */
export function versionOf(name) {
  const file = new URL(`node_modules/@connectrpc/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(file)).version}`;
}

function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

/** Await what may raise a ConnectError. */
async function raising(answer) {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw new CallFailed(grpcNameOf(error), error.rawMessage, error.details.map(unpacked));
  }
}

function grpcNameOf({ code, rawMessage }) {
  // Node.js refuses what is begun in the moment of a GOAWAY, before it is sent, and the library calls that internal.
  if (rawMessage.endsWith("NGHTTP2_REFUSED_STREAM")) return "UNAVAILABLE";
  // What the fetch of Node.js says where nobody listens, or the connection broke, has no code of its own.
  if (rawMessage === "fetch failed") return "UNAVAILABLE";
  return code === Code.Canceled ? "CANCELLED" : Code[code].replace(/\B[A-Z]/g, "_$&").toUpperCase();
}
