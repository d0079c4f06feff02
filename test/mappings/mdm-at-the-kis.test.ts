import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { startKisMllp, type KisMllp } from "#src/simulators/kis/mllp.ts";
import { gradientPng } from "#src/demo/picture.ts";
import type { Destination } from "#src/destinations/destination.ts";
import { mllpDestination } from "#src/destinations/mllp/destination.ts";
import { controlId, messageId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import { CHANNEL, message, render } from "./mdm-fixtures.ts";

const numberOf = (externalId: string) => controlId(messageId(CHANNEL, externalId), "document");
const picture = gradientPng(640, 480);

let kis: KisMllp;
let destination: Destination;
beforeEach(async () => {
  kis = await startKisMllp({ host: "127.0.0.1", port: 0 });
  destination = mllpDestination.open(
    mllpDestination.config.parse({ type: "mllp", host: "127.0.0.1", port: kis.port }),
    {
      channel: CHANNEL,
      destination: "archive",
      log: () => undefined,
      count: () => undefined,
      gauge: () => undefined,
      applyToDirectory: () => Promise.reject(new Error("not here")),
    },
  );
});
afterEach(async () => {
  await destination.close();
  await kis.close();
});

async function send(one: Message, given: Record<string, unknown> = {}, withdraw = false) {
  const job = {
    messageId: one.id,
    output: render(one, given, withdraw),
    openBlob: () => Readable.from([picture]),
    lane: "l",
  };
  return destination.send(job, AbortSignal.timeout(20_000));
}

const text = message("t", { kind: "text", text: "Die Wunde näßt" });
const edit = message("e", { kind: "edit", target: "t", revised: { kind: "text", text: "Die Wunde ist trocken" } });
const reaction = message("r", { kind: "reaction", emoji: "👍", target: "t" });
const photo = message(
  "p",
  { kind: "image", caption: "Knie" },
  {
    attachments: [
      {
        id: "a-1",
        ordinal: 0,
        reference: { mediaId: "1" },
        verdict: "clean",
        stored: { sha256: "ab".repeat(32), sha1: "cd".repeat(20), bytes: picture.length, type: "image/png" },
      },
    ],
  },
);

describe("in the KIS", () => {
  it("a reaction becomes an addendum of the message it is about", async () => {
    await send(text);
    await send(reaction);
    expect(kis.documents.get(numberOf("t"))).toMatchObject({ state: "available", addenda: [numberOf("r")] });
    expect(kis.documents.get(numberOf("r"))).toMatchObject({ parent: numberOf("t"), text: ["[Reaktion] 👍"] });
  });

  it("a later wording replaces the document, which stays readable", async () => {
    await send(text);
    await send(edit);
    expect(kis.documents.get(numberOf("t"))).toMatchObject({ state: "obsolete", text: ["Die Wunde näßt"] });
    expect(kis.documents.get(numberOf("e"))).toMatchObject({
      parent: numberOf("t"),
      text: ["[Bearbeitet]", "Die Wunde ist trocken"],
    });
  });

  it("a German KIS gets it as an edit of the same document", async () => {
    const german = { profile: "german-2.5" };
    await send(text, german);
    await send(edit, german);
    expect([...kis.documents.keys()]).toEqual([numberOf("t")]);
    expect(kis.documents.get(numberOf("t"))).toMatchObject({
      text: ["[Bearbeitet]", "Die Wunde ist trocken"],
      earlier: [["Die Wunde näßt"]],
      changed: false,
    });
  });

  it("a message filed in a wrong chart is cancelled there", async () => {
    await send(text);
    await send(text, {}, true);
    expect(kis.documents.get(numberOf("t"))).toMatchObject({ state: "cancelled", reason: "Falsche Akte" });
  });

  it("a resend is the same bytes, also of what is drawn and of what is made smaller", async () => {
    for (const given of [{}, { profile: "german-2.5-pdf" }, { max_inline_bytes: 5_000, oversize: "scale" }]) {
      const first = await send(photo, given);
      expect((await send(photo, given)).sentSha256).toBe(first.sentSha256);
    }
  });

  it("a picture that was made smaller is no larger than the limit", async () => {
    await send(photo, { max_inline_bytes: 5_000, oversize: "scale" });
    const [received] = kis.received;
    expect(picture.length).toBeGreaterThan(5_000);
    expect(received?.bytes).toBeLessThan((5_000 * 4) / 3 + 1_500);
  });

  it("MSH-18 names the set the bytes are written in", async () => {
    await send(text, { profile: "german-2.5" });
    expect(kis.documents.get(numberOf("t"))?.text).toEqual(["Die Wunde näßt"]);
  });

  it("what cannot be drawn fails for good before anything is sent, and the connection lives on", async () => {
    const job = {
      messageId: photo.id,
      lane: "l",
      output: render(photo, { profile: "german-2.5-pdf" }),
      openBlob: () => Readable.from([Buffer.from("no picture")]),
    };
    await expect(destination.send(job, AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: "MAPPING_FAILED" });
    expect(kis.received).toEqual([]);
    await send(text);
    expect(kis.received).toHaveLength(1);
  });
});
