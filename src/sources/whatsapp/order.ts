import { list, members, word } from "./member.ts";
import type { Members } from "./member.ts";
import { unknown } from "./unknown.ts";
import type { Reading } from "./unknown.ts";

/** `{"type":"order","order":{"catalog_id","text","product_items":[{"product_retailer_id","quantity","item_price","currency"}]}}`. */
export function order(element: Members): Reading {
  const said = members(element["order"]);
  const catalogId = word(said?.["catalog_id"]);
  const items = (list(said?.["product_items"]) ?? []).map((item) => members(item) ?? {});
  if (!said || catalogId === undefined || items.length === 0) return unknown("order", "malformed");
  const text = word(said["text"]);
  return {
    content: {
      kind: "order",
      catalogId,
      ...(text !== undefined && { text }),
      items: items.map((item) => ({
        product: word(item["product_retailer_id"]) ?? "",
        quantity: word(item["quantity"]) ?? "",
        price: [number(item["item_price"]), word(item["currency"])].filter((part) => part !== undefined).join(" "),
      })),
    },
  };
}

/** A price may have decimals, which a word never has. */
function number(value: unknown): string | undefined {
  return typeof value === "number" && Number.isFinite(value) ? String(value) : word(value);
}
