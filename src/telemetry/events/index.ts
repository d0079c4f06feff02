import { CONNECTOR_EVENTS } from "./connectors.ts";
import { ENGINE_EVENTS } from "./engine.ts";
import { WORK_EVENTS } from "./work.ts";

/** The closed list of everything the engine logs. docs/telemetry.md is written from it. */
export const EVENTS = { ...ENGINE_EVENTS, ...WORK_EVENTS, ...CONNECTOR_EVENTS } as const;

export type EventName = keyof typeof EVENTS;

/** The levels at which an event may be logged. */
export type LevelOf<E extends EventName> = (typeof EVENTS)[E]["levels"][number];
