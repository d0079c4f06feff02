import type { Request } from "express";
import { z } from "zod";
import { notFound } from "./problem.ts";

/** Who acts, as far as the engine knows: whoever holds the token. */
export const ACTOR = "api";

/** The message an address names. @throws Problem 404 where it cannot be one */
export function messageIdOf(request: Request): string {
  const id = z.uuid().safeParse(request.params["id"]);
  if (!id.success) throw notFound("message");
  return id.data;
}
