import type { Circumstances } from "#src/message/message.ts";
import { alsoSaid } from "./also.ts";
import { members, word } from "./member.ts";
import type { Members } from "./member.ts";

/** What a message refers to and how it came about. */
export interface MessageContext {
  readonly replyTo?: string;
  readonly circumstances?: Circumstances;
}

/**
 * `"context":{"id"?,"from"?,"forwarded"?,"frequently_forwarded"?,"referred_product"?}`, `"referral":{…}` of an
 * advertisement, `"group_id"`. An edit carries the context of the new wording inside it.
 */
export function contextOf(element: Members): MessageContext {
  const context = members(element["context"]) ?? members(members(members(element["edit"])?.["message"])?.["context"]);
  const replyTo = word(context?.["id"]);
  const circumstances = {
    ...forwarded(context),
    ...referral(members(element["referral"])),
    ...product(members(context?.["referred_product"])),
    ...group(word(element["group_id"])),
    ...also(element),
  };
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(Object.keys(circumstances).length > 0 && { circumstances }),
  };
}

function forwarded(context: Members | undefined): Circumstances {
  if (context?.["frequently_forwarded"] === true) return { forwarded: "often" };
  return context?.["forwarded"] === true ? { forwarded: "once" } : {};
}

function referral(said: Members | undefined): Circumstances {
  if (!said) return {};
  const headline = word(said["headline"]);
  const body = word(said["body"]);
  const url = word(said["source_url"]);
  return { referral: { ...(headline && { headline }), ...(body && { body }), ...(url && { url }) } };
}

function product(said: Members | undefined): Circumstances {
  const id = word(said?.["product_retailer_id"]) ?? word(said?.["catalog_id"]);
  return id === undefined ? {} : { product: id };
}

function also(element: Members): Circumstances {
  const lines = alsoSaid(element);
  return lines.length === 0 ? {} : { also: lines };
}

function group(id: string | undefined): Circumstances {
  return id === undefined ? {} : { group: id };
}
