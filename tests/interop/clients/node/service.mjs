// The service as a backend and a device call it. Requests and responses are objects as in protobuf's JSON format, where
// fields that have their default are left out; each library's client translates them.

import { setTimeout as wait } from "node:timers/promises";

export const DEADLINE = 30_000;
export const PHONE = "phone";

/** How a call failed: `code` as in "UNAVAILABLE", `details` in JSON with their types at "@type". */
export class CallFailed extends Error {
  constructor(code, message, details) {
    super(`${code}: ${message}`);
    this.code = code;
    this.details = details;
  }
}

export function expect(holds, why) {
  if (!holds) throw new Error(why);
}

/** Return the detail of a type, such as "ErrorInfo", of an error or of a refused item. */
export function detail({ details }, type) {
  const found = details?.find((one) => one["@type"].endsWith(`/google.rpc.${type}`));
  expect(found, `among the details is no ${type}`);
  return found;
}

export function checkReason(error, reason) {
  const info = detail(error, "ErrorInfo");
  expect(info.domain === "unisono" && info.reason === reason, `the reason is ${info.domain} ${info.reason}`);
}

/** Expect a call to fail with this code and this reason. */
export async function endsWith(call, code, reason) {
  try {
    await call;
  } catch (error) {
    expect(error instanceof CallFailed, `it raised ${error}`);
    expect(error.code === code, `${error.message}, and not ${code}`);
    if (reason) checkReason(error, reason);
    return;
  }
  throw new Error(`the call did not end with ${code}`);
}

/** What the cases call. */
export class Service {
  constructor(connection) {
    this.connection = connection;
    this.userId = process.env.USER_ID;
    this.publisher = process.env.PUBLISHER_TOKEN;
    this.user = process.env.USER_TOKEN;
  }

  new(title, appNotificationId = "") {
    return { userId: this.userId, appNotificationId, payload: { visualContent: { title } } };
  }

  async send(title, appNotificationId) {
    const request = this.new(title, appNotificationId);
    return (await this.publish("NotificationService", "SendNotification", request)).result;
  }

  async batch(requests) {
    return (await this.publish("NotificationService", "BatchSendNotifications", { requests })).results;
  }

  async *pages(pageSize) {
    for (let pageToken = "", first = true; first || pageToken; first = false) {
      const request = { userId: this.userId, pageSize, pageToken };
      const page = await this.publish("NotificationService", "ListNotifications", request);
      yield page.notifications ?? [];
      pageToken = page.nextPageToken ?? "";
    }
  }

  /** Mark one as read, as the device. */
  markRead(id) {
    const references = { refs: [{ id }] };
    const request = { endpointId: PHONE, references, readState: "READ_STATE_READ" };
    return this.connection.call("NotificationService", "MarkNotifications", request, this.user, DEADLINE);
  }

  feed(token = this.publisher) {
    return this.connection.call("FeedService", "GetFeed", { userId: this.userId }, token, DEADLINE);
  }

  /** Begin a stream, from the position of a token if there is one; `timeout` is in milliseconds. */
  subscribe({ resumeToken, timeout } = {}) {
    const request = { endpointId: PHONE, platform: "DEVICE_PLATFORM_LINUX", ...(resumeToken && { resumeToken }) };
    return new Stream(this.connection.subscribe(request, this.user, timeout));
  }

  /** Begin a stream, and read until a message is complete. */
  async synced() {
    const stream = this.subscribe();
    expect((await stream.next()).welcome, "the first message is no Welcome");
    while (!(await stream.next()).complete);
    return stream;
  }

  /** Call until it does not end with UNAVAILABLE. */
  async retried(call) {
    for (const until = Date.now() + DEADLINE; ; await wait(50)) {
      try {
        return await call();
      } catch (error) {
        if (error.code !== "UNAVAILABLE" || Date.now() > until) throw error;
      }
    }
  }

  publish(service, method, request) {
    return this.connection.call(service, method, request, this.publisher, DEADLINE);
  }
}

/** A stream of a device. `resumeToken` is that of the last message. */
class Stream {
  constructor(call) {
    this.call = call;
    this.events = [];
  }

  /** Return the next message; a stream that ends as if all were well is an error. */
  async next() {
    const { value, done } = await this.call.next();
    expect(!done, "the stream ended with OK");
    this.resumeToken = value.resumeToken;
    return value;
  }

  /** Return the next event, whatever else comes before it. */
  async event() {
    while (!this.events.length) this.events.push(...((await this.next()).eventBatch?.events ?? []));
    return this.events.shift();
  }

  cancel() {
    this.call.cancel();
  }
}
