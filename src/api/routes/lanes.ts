import { z } from "zod";
import {
  parkLane as park,
  tryLane as tryNow,
  unparkLane as unpark,
  type LaneMove,
} from "#src/store/sql/lane-actions.ts";
import type { LaneKey } from "#src/store/sql/lanes.ts";
import type { Transaction } from "#src/store/queryable.ts";
import type { ApiJournalEntry } from "../deps.ts";
import { laneIdOf, readLaneId } from "../lane-id.ts";
import { laneDetailSchema, laneListSchema, laneQuerySchema, type LaneDetailView } from "../lane-schema.ts";
import { explainLane, showLanes } from "../lane-view.ts";
import { pausesNow } from "../pause-view.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// Lanes: which wait, why, and what a person can do about it.

const laneParams = z.strictObject({
  id: z
    .string()
    .transform((text, context) => {
      const lane = readLaneId(text);
      if (lane) return lane;
      context.addIssue({ code: "custom", message: "Not a lane" });
      return z.NEVER;
    })
    .describe("Channel, stage and the keyed hash of the conversation, with points between."),
});

export const listLanes = route({
  operationId: "listLanes",
  tag: "lanes",
  method: "get",
  path: "/api/v1/lanes",
  right: "lanes.read",
  summary: "Lists lanes: those that wait for a person first, then those that fail, then by age",
  details: "A lane exists only while it has open work, or is parked.",
  query: laneQuerySchema,
  answer: json("LaneList", laneListSchema, "The lanes."),
  handle: ({ query }, { deps, channels }) => showLanes(deps.store, query, channels),
});

export const explainStuckLane = route({
  operationId: "explainLane",
  tag: "lanes",
  method: "get",
  path: "/api/v1/lanes/:id",
  right: "lanes.read",
  summary: "Explains why a lane waits: its head, the error with its remedy, when it goes on, and what waits behind",
  params: laneParams,
  names: "lane",
  answer: json("Lane", laneDetailSchema, "The lane."),
  handle: ({ params }, context) => explain(context, params.id),
});

export const tryLane = route({
  operationId: "tryLane",
  tag: "lanes",
  method: "post",
  path: "/api/v1/lanes/:id/try",
  right: "lanes.decide",
  summary: "Makes a waiting lane due at once",
  details: "A parked lane stays parked; one that is due already is none the sooner.",
  params: laneParams,
  names: "lane",
  answer: json("Lane", laneDetailSchema, "The lane as it is now.", 202),
  problems: { 409: "An engine is at work on it right now." },
  handle: ({ params }, context) => move(context, params.id, "lane.tried", tryNow),
});

export const parkLane = route({
  operationId: "parkLane",
  tag: "lanes",
  method: "post",
  path: "/api/v1/lanes/:id/park",
  right: "lanes.decide",
  summary: "Stops a lane until a person lets it go on",
  details: "A try under way is finished. Nothing is lost: what comes in waits behind.",
  params: laneParams,
  names: "lane",
  answer: json("Lane", laneDetailSchema, "The lane as it is now.", 202),
  handle: ({ params }, context) => move(context, params.id, "lane.parked", park),
});

export const unparkLane = route({
  operationId: "unparkLane",
  tag: "lanes",
  method: "post",
  path: "/api/v1/lanes/:id/unpark",
  right: "lanes.decide",
  summary: "Lets a parked lane go on with what waits in it",
  details: "What failed in it stays failed: process that message again to have it sent.",
  params: laneParams,
  names: "lane",
  answer: json("Lane", laneDetailSchema, "The lane as it is now.", 202),
  handle: ({ params }, context) => move(context, params.id, "lane.unparked", unpark),
});

async function explain({ deps, channels }: RouteContext, lane: LaneKey): Promise<LaneDetailView> {
  const shown = (channels?.includes(lane.channel) ?? true) && (await explainLane(deps.store, lane, channels));
  if (!shown) throw notFound("lane");
  return { ...shown, paused: (await pausesNow(deps)).get(lane.channel) ?? null };
}

async function move(
  context: RouteContext,
  lane: LaneKey,
  action: ApiJournalEntry["action"],
  run: (db: Transaction, lane: LaneKey) => Promise<LaneMove>,
): Promise<LaneDetailView> {
  const { deps, channels } = context;
  // A lane of a channel of which the caller has not the right is not there for him.
  if (channels && !channels.includes(lane.channel)) throw notFound("lane");
  const outcome = await deps.store.transaction(async (db) => {
    const moved = await run(db, lane);
    // Nothing is moved of which the journal does not know.
    if (moved === "done") await context.journal({ action, subject: laneIdOf(lane), detail: {} }, db);
    return moved;
  });
  if (outcome === "absent") throw notFound("lane");
  if (outcome === "busy") {
    throw new Problem(409, "problem:lane-busy", "At work", "An engine is at work on it right now; look again.");
  }
  if (outcome === "done") deps.wake(lane.channel);
  return explain(context, lane);
}
