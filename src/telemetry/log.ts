import type { EventName, LevelOf } from "./events/index.ts";

/** Ids, codes and counts; never a name, a number or a text. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Writes one line: an event of the closed list, at a level the list allows. */
export type Log = <E extends EventName>(level: LevelOf<E>, event: E, fields?: LogFields) => void;
