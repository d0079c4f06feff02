import { z } from "zod";
import { isLoopback } from "#src/message/loopback.ts";

/** The member `insecure` of whatever asks another machine: why over plain HTTP. An empty one, as of a variable, says nothing. */
export const insecureMember = z
  .literal("")
  .transform(() => undefined)
  .or(z.string().min(10))
  .optional()
  .describe("why another machine is asked over plain HTTP; the journal keeps it with every deployment");

/** What is wrong with an address; undefined where nothing is. Patients and credentials travel there. */
export function plainHttp(url: string, insecure: string | undefined): string | undefined {
  const { protocol, hostname } = URL.parse(url) ?? { protocol: "", hostname: "" };
  if (protocol !== "http:" || isLoopback(hostname.replace(/^\[|\]$/g, "")) || insecure !== undefined) return undefined;
  return "Plain HTTP off this machine: give it https, or say why not: insecure: <reason>";
}
