// A client on @grpc/grpc-js, which reads the protos when it starts: the folders in PROTOS are where they are.

import { readFileSync } from "node:fs";

import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { main } from "./main.mjs";
import { CallFailed } from "./service.mjs";

/** Messages as in protobuf's JSON format, but for durations and times. */
const SHAPE = { json: true, longs: String, enums: String, bytes: String };
const SERVICES = ["feed_service", "notification_service"].map((name) => `unisono/v1/${name}.proto`);
const DETAILS = ["error_details", "status"].map((name) => `google/rpc/${name}.proto`);

const definition = loadSync([...SERVICES, ...DETAILS], { ...SHAPE, includeDirs: process.env.PROTOS.split(":") });
const { v1 } = grpc.loadPackageDefinition(definition).unisono;

/** A channel, and stubs on it. */
class Connection {
  constructor(address, { ping }) {
    const credentials = grpc.credentials.createInsecure();
    const options = ping ? { "grpc.keepalive_time_ms": ping, "grpc.keepalive_permit_without_calls": 1 } : {};
    this.channel = new grpc.Channel(address, credentials, options);
    this.stubs = {};
    for (const service of ["FeedService", "NotificationService"]) {
      this.stubs[service] = new v1[service](address, credentials, { channelOverride: this.channel });
    }
  }

  call(service, method, request, token, timeout) {
    return new Promise((resolve, reject) => {
      this.stubs[service][method](request, bearer(token), { deadline: Date.now() + timeout }, (error, response) => {
        error ? reject(failed(error)) : resolve(readable(response));
      });
    });
  }

  subscribe(request, token, timeout) {
    const options = timeout ? { deadline: Date.now() + timeout } : {};
    const call = this.stubs.FeedService.Subscribe(request, bearer(token), options);
    const messages = call[Symbol.asyncIterator]();
    const next = async () => {
      const { value, done } = await messages.next().catch((error) => Promise.reject(failed(error)));
      return { value: value && readable(value), done };
    };
    return { next, cancel: () => call.cancel() };
  }
}

function bearer(token) {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

function failed(error) {
  const [status] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const details = status && definition["google.rpc.Status"].deserialize(status).details;
  return new CallFailed(grpc.status[error.code], error.details, details);
}

/** Write the one duration that is read as JSON has it. */
function readable(response) {
  const delay = response.goodbye?.retryDelay;
  if (delay) response.goodbye.retryDelay = `${Number(delay.seconds ?? 0) + (delay.nanos ?? 0) / 1e9}s`;
  return response;
}

const { version } = JSON.parse(readFileSync(new URL("node_modules/@grpc/grpc-js/package.json", import.meta.url)));
await main(`grpc-js ${version}`, (address, options) => new Connection(address, options));
