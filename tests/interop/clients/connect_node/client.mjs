// A client on @connectrpc/connect-node, with its transport of gRPC.

import { readFileSync } from "node:fs";

import { create, createRegistry, fromJson, toJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { file_google_rpc_error_details } from "./google/rpc/error_details_pb.js";
import { main } from "./main.mjs";
import { CallFailed } from "./service.mjs";
import { FeedService } from "./unisono/v1/feed_service_pb.js";
import { NotificationService } from "./unisono/v1/notification_service_pb.js";

const registry = createRegistry(file_google_rpc_error_details);

/** A transport, and clients on it. */
class Connection {
  constructor(address, { ping }) {
    const pings = ping ? { pingIntervalMs: ping, pingIdleConnection: true } : {};
    const transport = createGrpcTransport({ baseUrl: `http://${address}`, ...pings });
    this.services = { FeedService, NotificationService };
    this.clients = {
      FeedService: createClient(FeedService, transport),
      NotificationService: createClient(NotificationService, transport),
    };
  }

  async call(service, method, request, token, timeoutMs) {
    const name = method[0].toLowerCase() + method.slice(1);
    const { input, output } = this.services[service].method[name];
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
  return code === Code.Canceled ? "CANCELLED" : Code[code].replace(/\B[A-Z]/g, "_$&").toUpperCase();
}

function unpacked({ type, value }) {
  const any = create(AnySchema, { typeUrl: `type.googleapis.com/${type}`, value });
  return toJson(AnySchema, any, { registry });
}

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@connectrpc/connect-node/package.json", import.meta.url)),
);
await main(`connect-node ${version}`, (address, options) => new Connection(address, options));
