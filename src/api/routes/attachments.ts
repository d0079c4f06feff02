import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { getMessage } from "#src/store/sql/messages.ts";
import { readAttachments } from "#src/store/sql/prepare.ts";
import { shownBytes, type ShownBytes, type Size } from "../attachment-bytes.ts";
import { leaveToRead } from "../content-right.ts";
import { notFound } from "../problem.ts";
import { own, route, type RouteContext } from "../route.ts";

export const viewAttachment = route({
  operationId: "viewAttachment",
  tag: "messages",
  method: "get",
  path: "/api/v1/messages/:id/attachments/:attachment/view",
  right: "messages.read",
  summary: "Shows a picture, a recording or a film to a person",
  details:
    "Takes the right `content.read`, or leave given by another person, and the journal keeps who looked. What was found " +
    "clean or released comes as it is; of what was refused only a picture that the engine makes of it. Nothing else is " +
    "shown, and no name is in the address or in a header.",
  params: z.strictObject({ id: z.uuid(), attachment: z.uuid() }),
  names: "message",
  query: z.strictObject({
    size: z
      .enum(["small", "large"])
      .default("large")
      .describe("Of a picture; `small` is at most some hundred pixels wide."),
  }),
  answer: own("application/octet-stream", "The bytes, with their own type."),
  problems: { 404: "No such attachment, or purged.", 422: "It is nothing that is shown." },
  handle: ({ params, query }, context) => view(context, params.id, params.attachment, query.size),
});

async function view(context: RouteContext, id: string, attachment: string, size: Size): Promise<void> {
  const { deps, response } = context;
  const message = await getMessage(deps.store, id);
  if (!message) throw notFound("message");
  const leave = await leaveToRead(context, message);
  const row = (await readAttachments(deps.store, [message])).find((one) => one.id === attachment);
  if (!row) throw notFound("attachment");
  const leaving = new AbortController();
  response.once("close", () => leaving.abort());
  const shown = await shownBytes(deps, row, size, leaving.signal);
  // Nobody sees content of which the journal does not know.
  const detail = { channel: message.channel, attachment, ...leave };
  await deps.store.transaction((db) => context.journal({ action: "content.read", subject: id, detail }, db));
  await send(shown, context);
}

/** The first piece is waited for: what is damaged at its beginning is answered with a problem, not with half a picture. */
async function send({ type, bytes }: ShownBytes, { response }: RouteContext): Promise<void> {
  const pieces = bytes[Symbol.asyncIterator]();
  let piece = await pieces.next();
  response.set({
    "Content-Type": type,
    // Opened by itself it is saved, and does nothing.
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  async function* all() {
    for (; piece.done !== true; piece = await pieces.next()) yield piece.value;
  }
  await pipeline(all(), response);
}
