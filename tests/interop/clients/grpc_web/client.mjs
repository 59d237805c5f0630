// A client on grpc-web, its generic one: gRPC-Web in base64, by which alone it has streams, over the
// XMLHttpRequest of a package. Its messages are those of protoc-gen-es.

import { readFileSync } from "node:fs";

import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import grpcWeb from "grpc-web";
import xmlhttprequest from "xmlhttprequest";

import { registry, unpacked } from "./details.mjs";
import { StatusSchema } from "./google/rpc/status_pb.js";
import { main } from "./main.mjs";
import { CallFailed } from "./service.mjs";
import { FeedService } from "./unisono/v1/feed_service_pb.js";
import { NotificationService } from "./unisono/v1/notification_service_pb.js";

globalThis.XMLHttpRequest = xmlhttprequest.XMLHttpRequest;

const SERVICES = { FeedService, NotificationService };
const NAMES = Object.fromEntries(Object.entries(grpcWeb.StatusCode).map(([name, code]) => [code, name]));

/** The client, at an address. */
class Connection {
  constructor(address) {
    this.base = `http://${address}`;
    this.client = new grpcWeb.GrpcWebClientBase({ format: "text" });
  }

  call(service, method, request, token, timeoutMs) {
    const { path, input, output, descriptor } = described(service, method, grpcWeb.MethodType.UNARY);
    return new Promise((resolve, reject) => {
      const message = fromJson(input, request);
      this.client.rpcCall(this.base + path, message, metadata(token, timeoutMs), descriptor, (error, response) => {
        if (error) reject(failed(error));
        else resolve(toJson(output, response, { registry }));
      });
    });
  }

  subscribe(request, token, timeoutMs) {
    const { path, input, output, descriptor } = described(
      "FeedService",
      "Subscribe",
      grpcWeb.MethodType.SERVER_STREAMING,
    );
    const message = fromJson(input, request);
    const stream = this.client.serverStreaming(this.base + path, message, metadata(token, timeoutMs), descriptor);
    const queue = new Queue();
    stream.on("data", (response) => queue.put({ value: toJson(output, response, { registry }) }));
    stream.on("error", (error) => queue.put(failed(error)));
    stream.on("end", () => queue.put({ done: true }));
    const cancel = () => {
      stream.cancel();
      queue.put(new CallFailed("CANCELLED", "it was given up"));
    };
    return { next: () => queue.take(), cancel };
  }
}

/** Holds what has come until somebody asks for it; errors are thrown. */
class Queue {
  constructor() {
    this.items = [];
    this.come = () => {};
  }

  put(item) {
    this.items.push(item);
    this.come();
  }

  async take() {
    while (!this.items.length) await new Promise((resolve) => (this.come = resolve));
    const item = this.items.shift();
    if (item instanceof Error) throw item;
    return item;
  }
}

function described(service, method, type) {
  const { input, output } = Object.values(SERVICES[service].method).find(({ name }) => name === method);
  const path = `/${SERVICES[service].typeName}/${method}`;
  const encode = (message) => toBinary(input, message);
  const decode = (bytes) => fromBinary(output, bytes);
  return { path, input, output, descriptor: new grpcWeb.MethodDescriptor(path, type, Object, Object, encode, decode) };
}

function metadata(token, timeoutMs) {
  const deadline = timeoutMs ? { deadline: String(Date.now() + timeoutMs) } : {};
  return { authorization: `Bearer ${token}`, ...deadline };
}

function failed({ code, message, metadata: trailers }) {
  const packed = trailers?.["grpc-status-details-bin"];
  const { details } = packed ? fromBinary(StatusSchema, Buffer.from(packed, "base64")) : { details: [] };
  const types = details.map(({ typeUrl, value }) => ({ type: typeUrl.split("/").pop(), value }));
  // An XMLHttpRequest where nobody listens, or whose connection broke, has this status.
  const name = message.endsWith("http status code: 0") ? "UNAVAILABLE" : (NAMES[code] ?? String(code));
  return new CallFailed(name, message, types.map(unpacked));
}

const { version } = JSON.parse(readFileSync(new URL("node_modules/grpc-web/package.json", import.meta.url)));
await main(`grpc-web ${version}`, (address) => new Connection(address), {
  "keepalive-10s": "XMLHttpRequest knows no pings",
});
