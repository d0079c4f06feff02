import type { Component, Field, Segment } from "#src/hl7/message.ts";
import { timestamp } from "#src/hl7/timestamp.ts";
import type { Message } from "#src/message/message.ts";
import type { MdmParams } from "./params.ts";
import { segment } from "./segment.ts";

export interface Observation {
  /** OBX-2. */
  readonly type: "TX" | "FT" | "ED" | "RP";
  /** OBX-3. */
  readonly id: readonly Component[];
  readonly value: Field;
  readonly message: Message;
  readonly params: MdmParams;
}

/** OBX number `number` of a document, final (table 0085). */
export function observation({ type, id, value, message, params }: Observation, number: number): Segment {
  return segment("OBX", 1, {
    1: String(number),
    2: type,
    3: id,
    4: String(number),
    5: value,
    11: "F",
    14: timestamp(message.sentAt, params.profile.timestamps),
  });
}
