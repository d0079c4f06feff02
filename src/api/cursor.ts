import { z } from "zod";

/** The opaque name of a place in the list of messages: everything older than `seq` comes after it. */
export function encodeCursor(seq: number): string {
  return Buffer.from(`m${seq}`).toString("base64url");
}

/** Reads a cursor back to its `seq`. */
export const cursor = z.string().transform((text, context) => {
  const seq = /^m(\d{1,15})$/.exec(Buffer.from(text, "base64url").toString("latin1"))?.[1];
  if (seq !== undefined) return Number(seq);
  context.addIssue({ code: "custom", message: "Not a cursor this API gave out" });
  return z.NEVER;
});
