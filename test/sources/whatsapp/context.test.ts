import { describe, expect, test } from "@jest/globals";
import { contextOf } from "#src/sources/whatsapp/context.ts";

describe("the context of a message", () => {
  test("tells what it answers, that it was passed on, and where it comes from", () => {
    expect(contextOf({ context: { id: "wamid.Q", from: "49" } })).toEqual({ replyTo: "wamid.Q" });
    expect(contextOf({ context: { forwarded: true } })).toEqual({ circumstances: { forwarded: "once" } });
    expect(contextOf({ context: { forwarded: true, frequently_forwarded: true } })).toEqual({
      circumstances: { forwarded: "often" },
    });
    expect(
      contextOf({ context: { id: "c", referred_product: { catalog_id: "1", product_retailer_id: "p" } } }),
    ).toEqual({
      replyTo: "c",
      circumstances: { product: "p" },
    });
    expect(contextOf({ referral: { source_url: "https://fb.me/1", headline: "H", body: "B" }, group_id: "G" })).toEqual(
      {
        circumstances: { referral: { headline: "H", body: "B", url: "https://fb.me/1" }, group: "G" },
      },
    );
  });

  test("of an edit is the one inside it", () => {
    expect(contextOf({ edit: { message: { context: { id: "wamid.Q" } } } })).toEqual({ replyTo: "wamid.Q" });
  });

  test("is nothing where none is given", () => {
    for (const context of [undefined, null, 7, {}, { forwarded: "yes" }]) expect(contextOf({ context })).toEqual({});
  });
});
