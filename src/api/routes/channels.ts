import { z } from "zod";
import { pauseChannel as stop, resumeChannel as goOn } from "#src/store/sql/pauses.ts";
import { words } from "../decision.ts";
import { channelId } from "../message-schema.ts";
import { pausesNow, pauseSchema } from "../pause-view.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

const channelSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string().describe("Type of the source."),
  state: z.enum(["running", "refused"]),
  paused: pauseSchema,
  problems: z.array(z.string()).describe("Why the newest version of the file does not run."),
  destinations: z.array(z.strictObject({ id: z.string(), type: z.string() })),
});

const channelListSchema = z.strictObject({ items: z.array(channelSchema) });

export const listChannels = route({
  operationId: "listChannels",
  tag: "operation",
  method: "get",
  path: "/api/v1/channels",
  right: "channels.read",
  summary: "Lists running and refused channels, with the reasons",
  answer: json("ChannelList", channelListSchema, "All of them."),
  handle: async (_input, { deps, channels: mine }) => {
    const paused = await pausesNow(deps);
    return {
      items: deps
        .channels()
        .filter(({ id }) => mine?.includes(id) ?? true)
        .map(({ problems, destinations, ...channel }) => ({
          ...channel,
          paused: paused.get(channel.id) ?? null,
          problems: [...problems],
          destinations: [...destinations],
        })),
    };
  },
});

/** A pause nobody remembers must not last. */
const LONGEST_MS = 7 * 86_400_000;

const params = z.strictObject({ id: channelId });
const doneSchema = z.strictObject({ id: z.string(), paused: pauseSchema });

export const pauseChannel = route({
  operationId: "pauseChannel",
  tag: "operation",
  method: "post",
  path: "/api/v1/channels/:id/pause",
  right: "channels.decide",
  summary: "Stops a channel for a time: messages are taken in as ever, and wait",
  details:
    "Every engine ends the turns that run and begins none; confirmations of what was sent are still read. It goes on by " +
    "itself at `until`. Asked again, reason and end change.",
  params,
  names: "channel",
  body: z.strictObject({
    reason: words(200).describe("The journal keeps it for good, and everybody sees it: nothing about a patient."),
    until: z.iso.datetime().describe("At most seven days ahead."),
  }),
  answer: json("ChannelPaused", doneSchema, "Within a second every engine obeys.", 202),
  handle: async ({ params: { id }, body: { reason, until } }, context) => {
    const { deps } = context;
    mustKnow(context, id);
    const now = deps.now();
    const endsAt = new Date(until);
    if (endsAt.getTime() <= now || endsAt.getTime() > now + LONGEST_MS) {
      const detail = "until: expected a time within the next seven days";
      throw new Problem(400, "problem:invalid-body", "Invalid body", detail);
    }
    await deps.store.transaction(async (db) => {
      await stop(db, { channel: id, reason, beginsAt: new Date(now), endsAt });
      await context.journal({ action: "channel.paused", subject: id, detail: { reason, until } }, db);
    });
    return { id, paused: (await pausesNow(deps)).get(id) ?? null };
  },
});

export const resumeChannel = route({
  operationId: "resumeChannel",
  tag: "operation",
  method: "post",
  path: "/api/v1/channels/:id/resume",
  right: "channels.decide",
  summary: "Lets a paused channel go on before its pause ends",
  params,
  names: "paused channel",
  answer: json("ChannelResumed", doneSchema, "Within a second every engine goes on.", 202),
  handle: async ({ params: { id } }, context) => {
    const { deps } = context;
    mustKnow(context, id);
    const was = await deps.store.transaction(async (db) => {
      const resumed = await goOn(db, id, new Date(deps.now()));
      if (resumed) await context.journal({ action: "channel.resumed", subject: id, detail: {} }, db);
      return resumed;
    });
    if (!was) throw notFound("paused channel");
    return { id, paused: null };
  },
});

/** @throws Problem 404 for what is no channel, or none of the caller's */
function mustKnow({ deps, channels: mine }: RouteContext, id: string): void {
  const known = deps.channels().some((channel) => channel.id === id);
  if (!known || mine?.includes(id) === false) throw notFound("channel");
}
