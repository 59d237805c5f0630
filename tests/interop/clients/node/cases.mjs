// The cases, as README.md of the clients has them.

import { isDeepStrictEqual } from "node:util";
import { setTimeout as wait } from "node:timers/promises";

import { PHONE, checkReason, detail, endsWith, expect } from "./service.mjs";

const RAW_BYTES = 32 * 1024;

async function send(service) {
  const first = await service.send("Grüße, 世界", "parcel-1");
  expect(first.id && first.revision > 0 && !first.deduplicated, `the first answer is ${shown(first)}`);
  const again = await service.send("Grüße, 世界", "parcel-1");
  expect(again.id === first.id && again.deduplicated, `the second answer is ${shown(again)}`);
}

async function batch(service) {
  const empty = { userId: service.userId };
  const [first, refused, last] = await service.batch([service.new("First"), empty, service.new("Last")]);
  expect(first.result?.id && last.result?.id, "a good item was refused");
  expect(refused.error?.code === 3, `the error is ${shown(refused)}`);
  checkReason(refused.error, "INVALID_REQUEST");
  const fields = detail(refused.error, "BadRequest").fieldViolations.map(({ field }) => field);
  expect(isDeepStrictEqual(fields, ["payload"]), `the fields are ${fields}`);
}

async function list(service) {
  const sent = await service.batch([..."01234"].map((title) => service.new(title)));
  const pages = [];
  for await (const page of service.pages(2)) pages.push(page.map(({ id }) => id));
  const newestFirst = sent.map(({ result }) => result.id).reverse();
  expect(isDeepStrictEqual(pages.flat(), newestFirst), "the list is not what was sent, newest first");
  expect(isDeepStrictEqual(pages.map((page) => page.length), [2, 2, 1]), `the pages are ${shown(pages)}`);
}

async function live(service) {
  const stream = await service.synced();
  const sent = await service.send("Hello");
  const created = await stream.event();
  expect(created.notificationId === sent.id && created.alert, `the event is ${shown(created)}`);
  expect(created.changeType === "CHANGE_TYPE_CREATED", `the event is ${shown(created)}`);
  expect(titleOf(created.notification) === "Hello", "it has another title");
  const { changed } = await service.markRead(sent.id);
  expect(Number(changed) === 1, `${changed} changed`);
  const read = await stream.event();
  expect(read.changeType === "CHANGE_TYPE_STATE_CHANGED", `the event is ${shown(read)}`);
  expect(read.notification.readState === "READ_STATE_READ", "it is not read");
  expect(read.originEndpointId === PHONE, "it does not say who read it");
}

async function deadline(service) {
  await endsWith(exhausted(service.subscribe({ timeout: 300 })), "DEADLINE_EXCEEDED");
  await service.feed();
}

async function cancel(service) {
  const stream = await service.synced();
  stream.cancel();
  await endsWith(exhausted(stream), "CANCELLED");
  await service.feed();
}

async function large(service) {
  const rawContent = Buffer.alloc(RAW_BYTES, "x").toString("base64");
  const items = (count) => Array(count).fill({ userId: service.userId, payload: { rawContent } });
  const stored = await service.batch(items(127));
  expect(stored.length === 127 && stored.every(({ result }) => result?.id), "not all were stored");
  await endsWith(service.batch(items(160)), "RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE");
  const { lastRevision } = await service.feed();
  expect(Number(lastRevision) === 127, "what was refused left something");
  const { value: page } = await service.pages(500).next();
  expect(page.length > 25, "the page is short");
}

async function keepalive(service) {
  await held(service);
}

async function keepaliveOf10s(service) {
  (await held(service)).cancel();
  await wait(15_000);
  await service.feed();
}

async function held(service) {
  const stream = await service.synced();
  await wait(25_000);
  const sent = await service.send("Still there");
  expect((await stream.event()).notificationId === sent.id, "another event came");
  return stream;
}

async function drain(service) {
  let stream = await service.synced();
  const sent = await service.send("Before");
  expect((await stream.event()).notificationId === sent.id, "another event came");
  console.log("ready");
  let last;
  do last = await stream.next();
  while (!last.goodbye);
  expect(last.goodbye.reason === "GOODBYE_REASON_DRAINING", `the last message is ${shown(last)}`);
  await endsWith(stream.next(), "UNAVAILABLE", "DRAINING");
  await wait(1000 * parseFloat(last.goodbye.retryDelay));
  const { resumeToken } = stream;
  await service.retried(async () => {
    stream = service.subscribe({ resumeToken });
    expect((await stream.next()).welcome?.resumed, "the stream did not resume");
  });
  const event = await stream.event();
  expect(titleOf(event.notification) === "After the restart", `the event is ${shown(event)}`);
}

async function goaway(service) {
  const stream = await service.synced();
  const until = Date.now() + 5000;
  let streaming = true;
  exhausted(stream).catch(() => (streaming = false));
  console.log("ready");
  const sent = [];
  for (let last = false; !last; ) {
    last = !streaming && Date.now() > until;
    const title = `call-${sent.length}`;
    sent.push([title, (await service.retried(() => service.send(title, title))).id]);
  }
  const listed = [];
  for await (const page of service.pages(500)) listed.push(...page.map((row) => [titleOf(row), row.id]));
  expect(isDeepStrictEqual(listed.reverse(), sent), `${sent.length} were sent, ${listed.length} are listed`);
}

async function stranger(service) {
  await endsWith(service.feed("nonsense"), "UNAUTHENTICATED", "TOKEN_INVALID");
  await service.feed();
}

/** Read to the end. */
async function exhausted(stream) {
  for (;;) await stream.next();
}

function titleOf({ payload }) {
  return payload?.visualContent?.title;
}

function shown(value) {
  return JSON.stringify(value);
}

export const CASES = {
  send,
  batch,
  list,
  live,
  deadline,
  cancel,
  large,
  keepalive,
  "keepalive-10s": keepaliveOf10s,
  drain,
  goaway,
  stranger,
};
