import { describe, expect, test } from "@jest/globals";
import { whatsappSource } from "#src/sources/whatsapp/source.ts";

describe("the configuration of a WhatsApp source", () => {
  const minimal = { type: "whatsapp", phone_number_id: "1", app_secret: "a", verify_token: "b", access_token: "c" };
  const valid = (extra: object) => whatsappSource.config.safeParse({ ...minimal, ...extra }).success;

  test("treats empty optional settings as not set", () => {
    const empty = Object.fromEntries(
      [
        "previous_app_secret",
        "graph_url",
        "graph_version",
        "media_hosts",
        "max_attachment_bytes",
        "fetch_timeout_secs",
      ].map((name) => [name, ""]),
    );
    expect(whatsappSource.config.parse({ ...minimal, ...empty })).toEqual(whatsappSource.config.parse(minimal));
  });

  test("refuses what it does not know, and what would open it too wide", () => {
    expect(valid({})).toBe(true);
    for (const wrong of [
      { colour: "blue" },
      { app_secret: "" },
      { media_hosts: ["*"] },
      { media_hosts: ["*.com"] },
      { graph_url: "ftp://x" },
      { graph_version: "25" },
    ]) {
      expect(valid(wrong)).toBe(false);
    }
  });

  test("prints no secret", () => {
    expect(JSON.stringify(whatsappSource.config.parse({ ...minimal, app_secret: "tell-nobody" }))).not.toContain(
      "tell-nobody",
    );
  });
});
