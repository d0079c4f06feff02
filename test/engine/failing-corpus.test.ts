import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "@jest/globals";
import { FRAME_END, FRAME_START } from "#src/hl7/frame.ts";
import { HEIC } from "../attachments/heic-picture.ts";
import { pdf, picture } from "../attachments/pictures.ts";
import { startTestEngine, type TestEngine } from "./harness.ts";
import { wordDocument } from "./word-document.ts";

/** Inputs on which the engine was once seen to fail; not ours to ship, hence by address. */
const corpus = process.env["CORPUS_DIR"] ?? "";
const PATIENT = "F-41";
const PHONE = "4915020000041";

function hl7(name: string): Buffer {
  return readFileSync(join(corpus, "failing/hl7v2", name));
}

if (corpus === "") test.skip("inputs that once failed pass now (set CORPUS_DIR)", () => undefined);
(corpus === "" ? describe.skip : describe)("inputs that once failed, through the shipped channels", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startTestEngine({ env: { WHATSAPP_PHONE_NUMBER_ID: "106540352242922" } });
    await engine.adt({ patient: PATIENT, phone: `+${PHONE}` });
  });
  afterAll(() => engine.close());

  /** Posts a body of the corpus as Meta would; its one medium is served with these bytes. */
  async function post(name: string, media?: { bytes: Buffer; type: string; id?: string }): Promise<string> {
    let text = readFileSync(join(corpus, "failing/whatsapp", `${name}.json`), "utf8");
    if (media) {
      const { id, sha256 } = engine.world.whatsapp.addMedia(media.bytes, media.type, media.id);
      text = text.replace(/(\\?"sha256\\?"\s*:\s*\\?")[^"\\]*/, `$1${sha256}`);
      if (media.id === undefined) text = text.replace(/("id"\s*:\s*")70000\d+/, `$1${id}`);
    }
    const body: unknown = JSON.parse(text);
    expect(await engine.post(engine.world.whatsapp.signedBody(body))).toBe(200);
    return /"id"\s*:\s*"(wa[mc]id\.[^"]+)"/.exec(text)?.[1] ?? "";
  }

  /** What both charts say of a filed message. */
  async function filed(sent: string) {
    const { id } = await engine.until(sent, "filed");
    const chart = engine.world.fhir.chart.all("Communication").find((one) => one.id === id);
    const document = [...engine.world.mllp.documents.values()].at(-1)!;
    return { chart: JSON.stringify(chart), document, text: document.text.join("\n") };
  }

  it("a member that nobody documented is shown", async () => {
    const bytes = Buffer.concat([Buffer.from("OggS\0\x02", "latin1"), Buffer.alloc(22), Buffer.from("OpusHead")]);
    const { chart, text } = await filed(await post("audio-with-unknown-member", { bytes, type: "audio/ogg" }));
    for (const shown of [chart, text]) expect(shown).toContain("starke Brustschmerzen");
  });

  it("a contact's card is shown whole", async () => {
    const { chart, text } = await filed(await post("contact-full-card"));
    for (const shown of [chart, text]) {
      for (const part of ["1970-02-03", "Kardiologie", "Facharzt", "https://x.de", "Fax"]) {
        expect([part, shown.includes(part)]).toEqual([part, true]);
      }
    }
  });

  it("a large document is in both charts, or mentioned", async () => {
    const bytes = pdf(`/Padding(${"x".repeat(17 << 20)})`);
    const { text } = await filed(await post("document-17-MiB", { bytes, type: "application/pdf" }));
    expect(text).toMatch(/\[Anlage .*x\.pdf/);
  });

  it("a document keeps its name", async () => {
    const sent = await post("document-filename-not-in-mdm", { bytes: pdf(), type: "application/pdf" });
    const { document, text } = await filed(sent);
    expect(text).toContain("[Dokument: Überweisung Müller.pdf]");
    expect(document.fileName).toBe("Überweisung Müller.pdf");
  });

  it("a Word document that is released keeps its name and type", async () => {
    const type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const sent = await post("docx-released-mdm-bin", { bytes: wordDocument(), type });
    const held = await engine.until(sent, "held");
    const released = await fetch(`${engine.url}/api/v1/messages/${held.id}/release`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({ reason: "seen elsewhere", released_by: "Dr. M. Beispiel" }),
    });
    expect(released.status).toBe(202);
    const { document } = await filed(sent);
    expect(document.fileName).toBe("Arztbrief.docx");
    expect(document.formats).toEqual(["AP^DOCX"]);
  });

  it("what the hospital wrote to a number with a plus is the patient's", async () => {
    const { text } = await filed(await post("echo-to-with-plus"));
    expect(text).toContain("Echo mit Plus");
  });

  it.each(["1234567890123456789", "24230790383178626"])("a form's upload named by the number %s comes", async (id) => {
    const bytes = await picture("jpeg");
    const sent = await post(`flow-upload-id-${id}`, { bytes, type: "image/jpeg", id });
    const { document } = await filed(sent);
    expect(document.attachments).toHaveLength(1);
  });

  it("a picture of a phone's own format is filed", async () => {
    const { document } = await filed(await post("heic-cannot-be-allowed", { bytes: HEIC, type: "image/heic" }));
    expect(document.formats[0]).toBe("IM^JPEG");
  });

  it("a call that was missed says so", async () => {
    const { chart, text } = await filed(`call:${await post("missed-call")}:terminate`);
    for (const shown of [chart, text]) expect(shown).toMatch(/\[Anruf: .*(verpasst|nicht|fehl)/i);
  });

  it("what the number's app tells is a notice", async () => {
    const count = async (table: string) =>
      (await engine.store.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]!.n;
    const [notices, messages] = [await count("notice"), await count("message")];
    await post("smb-app-state-sync");
    expect([await count("notice"), await count("message")]).toEqual([notices + 1, messages]);
  });

  it("the note of a changed number is its writer's", async () => {
    const { text } = await filed(await post("number-change-note"));
    expect(text).toContain("Cem changed from A to B");
  });

  describe("sent by a KIS", () => {
    /** What an ADT listener answers to this frame, one connection each; waits for so many answers. */
    async function ask(frame: Buffer, answers = 1): Promise<string[]> {
      const socket = connect({ host: "127.0.0.1", port: engine.adtPort });
      await once(socket, "connect");
      let said = "";
      socket.write(Buffer.concat([FRAME_START, frame, FRAME_END]));
      for await (const chunk of socket) {
        said += String(chunk);
        if (said.split("\x1c\r").length > answers) break;
      }
      socket.destroy();
      return said.split("\x1c\r").slice(0, -1);
    }

    it.each([
      ["02-adt-msh9-lowercase.hl7", /MSA\|AR\|V2[^]*20[01]/],
      ["02-adt-version-comma.hl7", /MSA\|AR\|V1[^]*203/],
      ["10-mshl11-T.hl7", /MSA\|AR\|V11[^]*202/],
      ["14c-a40-into-itself.hl7", /MSA\|AE\|V12[^]*MRG/],
      ["two-msh-one-frame.hl7", /MSA\|AR\|R12/],
    ])("%s is answered by its cause", async (name, expected) => {
      expect((await ask(hl7(name))).join("\n")).toMatch(expected);
    });

    it("an acknowledgement is not acknowledged", async () => {
      const next = hl7("05-pid3-name-and-oid.hl7");
      const both = Buffer.concat([hl7("03-ack-acknowledged.hl7"), FRAME_END, FRAME_START, next]);
      expect(await ask(both)).toEqual([expect.stringContaining("MSA|AA|V6")]);
    });

    it("each message of a batch is answered", async () => {
      const answers = (await ask(hl7("batch-fhs-bhs.hl7"), 2)).join("\n");
      expect(answers).toContain("MSA|AA|R10");
      expect(answers).toContain("MSA|AA|R11");
    });

    it("a number with words beside it is a patient's, one without its area code is not", async () => {
      expect((await ask(hl7("09-phone-tagsueber.hl7"))).join()).toContain("MSA|AA|V10");
      // His chart does not know him, so it waits there; it is not held as a stranger's.
      for (const phone of ["491717019000", "491727019000"]) {
        expect(await engine.until(await engine.text("Guten Tag", phone), "routed", "held")).toMatchObject({
          state: "routed",
        });
      }
    });

    it("CP1252 under another name reads as it was written", async () => {
      const frame = hl7("08-cp1252-declared-8859-1.hl7");
      expect((await ask(frame)).join()).toContain("MSA|AA|V8");
    });
  });
});
