import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadMapping } from "#src/channel/mapping.ts";
import type { FhirTransaction } from "#src/fhir/transaction.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import type { Fit } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import { withProfile } from "#src/channel/hl7-profiles.ts";
import { profiles, SUBJECT } from "./mdm-fixtures.ts";

function example(name: string) {
  const path = join(import.meta.dirname, "../../mappings/message-to-fhir/examples", name, "in.json");
  const { message } = JSON.parse(readFileSync(path, "utf8")) as { readonly message: Message };
  return { message, context: { subject: SUBJECT, language: "de", routedAt: "2026-07-01T08:26:09.000Z" } as const };
}

describe("a chart that does not take everything", () => {
  /** The texts, and what the Binaries are, of an example under these parameters. */
  async function chart(name: string, params: object, fit?: Fit) {
    const fhir = await loadMapping("mappings", "message-to-fhir");
    const { message, context } = example(name);
    const given = { ...context, params: fhir.params.parse(params), ...(fit && { fit }) };
    const { bundle, blobs, expect: expected } = fhir.map(message, given) as FhirTransaction;
    const types = (bundle.entry ?? []).flatMap(({ resource }) =>
      resource?.resourceType === "Binary" ? resource.contentType : [],
    );
    return { texts: expected.texts, blobs, types, binaries: expected.binaries.length };
  }

  test("gets a picture that is too large smaller, and a line that says so", async () => {
    const { texts, blobs, types } = await chart("image", {}, { maxBytes: 10 });
    expect(blobs).toMatchObject([{ entry: 0, scaledTo: 10 }]);
    expect(types).toEqual(["image/jpeg"]);
    expect(texts.join()).toMatch(/\[Bild verkleinert auf höchstens 1 kB; Original/);
  });

  test("gets a line in place of a picture that cannot be made smaller, and of what is no picture", async () => {
    const attachment = example("image").message.attachments[0]?.id ?? "";
    for (const [name, params, fit] of [
      ["image", {}, { maxBytes: 10, undrawable: [attachment] }],
      ["image", {}, { maxBytes: 0 }],
      ["image", { oversize: "mention" }, { maxBytes: 10 }],
      ["document", { max_attachment_bytes: 10 }, undefined],
      ["voice", {}, { maxBytes: 10 }],
    ] as const) {
      const { texts, binaries } = await chart(name, params, fit);
      expect([name, binaries, texts.join().includes("[Anlage zu groß für diese Akte")]).toEqual([name, 0, true]);
    }
  });

  test("gets an address where there is one, and nothing at all where the policy is to refuse", async () => {
    const reference_url = "https://bilder.example/{attachment}";
    const { texts } = await chart("document", { oversize: "reference", reference_url }, { maxBytes: 10 });
    expect(texts.join()).toMatch(/\[Anlage nicht eingebettet: .*https:\/\/bilder\.example\/[0-9a-f-]{36}\]/);
    await expect(chart("document", { oversize: "refuse" }, { maxBytes: 10 })).rejects.toThrow(/larger than the server/);
    await expect(chart("document", { oversize: "reference" })).rejects.toThrow(/reference_url/);
  });
});

test.each(["german-2.5-pdf", "german-2.5-day"])(
  "by %s a picture that cannot be drawn is a file like any other",
  async (profile) => {
    const mdm = await loadMapping("mappings", "message-to-mdm");
    const { message, context } = example("image");
    const found = withProfile({ profile }, profiles);
    if ("issue" in found) throw new Error(found.issue.message);
    const fit = { undrawable: message.attachments.map(({ id }) => id) };
    const made = (more: object) =>
      JSON.stringify(
        (mdm.map(message, { ...context, params: mdm.params.parse(found.params), ...more }) as Hl7Message).segments,
      );
    expect(made({ fit })).toContain("[Bild nicht darstellbar]");
    expect(made({ fit })).not.toContain('"picture"');
    expect(made({})).not.toContain("[Bild nicht darstellbar]");
  },
);
