import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Communication } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { mediaPart, type KindPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { HEIC, HEIC_CANARY } from "../attachments/heic-picture.ts";
import { film, PLACE } from "../attachments/film.ts";
import { pdf } from "../attachments/pictures.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

describe("what was said arrives in chart and archive, through the shipped channel", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterAll(() => engine.close());

  const take = async (payload: unknown) => {
    expect(await engine.post(engine.world.whatsapp.signedBody(payload as never))).toBe(200);
  };
  const say = async (part: KindPart) => {
    const id = wamid(PATIENT.phone);
    const from = { from: PATIENT.phone, id, timestamp: Math.floor(Date.now() / 1_000) };
    await take(engine.world.whatsapp.batchBody([elementUpdate(from, part)]));
    return id;
  };
  const change = async (field: string, value: object) => {
    const metadata = { phone_number_id: engine.world.env["WHATSAPP_PHONE_NUMBER_ID"] };
    const changed = { field, value: { messaging_product: "whatsapp", metadata, ...value } };
    await take({ object: "whatsapp_business_account", entry: [{ id: "1", changes: [changed] }] });
  };
  /** What the chart shows, and the archive's lines and file name. */
  const filed = async (id: string) => {
    const { id: messageId } = await engine.until(id, "filed");
    const shown = engine.world.fhir.chart.read(`Communication/${messageId}`) as Communication;
    const document = [...engine.world.mllp.documents.values()].at(-1);
    const payload = (shown.payload ?? []).flatMap(({ contentString }) => contentString ?? []).join("\n");
    return { shown, payload, text: document?.text.join("\n") ?? "", document };
  };

  it("what a message says beside what is documented, as a line of its own", async () => {
    const id = await say({ type: "text", text: { body: "Guten Tag", urgency: "starke Schmerzen" } });
    const said = "[Weitere Angabe der Nachricht: text.urgency: starke Schmerzen]";
    const { shown, text } = await filed(id);
    expect((shown.note ?? []).map((note) => note.text).join("\n")).toContain(said);
    expect(text).toContain(said);
  });

  it("the name of a document, whose path and line ends are nobody's business", async () => {
    const { id, sha256 } = engine.world.whatsapp.addMedia(pdf(), "application/pdf");
    const given = { id, mimeType: "application/pdf", sha256 };
    const { text, document } = await filed(
      await say(mediaPart("document", given, { filename: "../../Befund\r\n Knie.pdf" })),
    );
    expect(text).toContain("[Dokument: Befund Knie.pdf]");
    expect(document).toMatchObject({ fileName: "Befund Knie.pdf", formats: ["AP^PDF"] });
  });

  it("every field of a contact's card, with who sent it", async () => {
    const card = {
      name: { formatted_name: "Dr. med. Hans Beispiel" },
      birthday: "1970-02-03",
      org: { company: "Praxis am Markt", department: "Kardiologie", title: "Facharzt" },
      phones: [
        { phone: "+49 30 1", type: "WORK" },
        { phone: "+49 30 3", type: "FAX" },
      ],
      urls: [{ url: "https://praxis.example", type: "WORK" }],
    };
    const { payload, text, shown } = await filed(await say({ type: "contacts", contacts: [card] }));
    const lines = [
      "[Kontakt] Dr. med. Hans Beispiel",
      "[Organisation] Praxis am Markt",
      "[Abteilung] Kardiologie",
      "[Funktion] Facharzt",
      "[Geburtstag] 1970-02-03",
      "[Telefon, dienstlich] +49 30 1",
      "[Telefon, Fax] +49 30 3",
      "[Web, dienstlich] https://praxis.example",
    ];
    expect(payload.split("\n")).toEqual(lines);
    expect(text.split("\n")).toEqual([`[Von +${PATIENT.phone}]`, ...lines]);
    const [vcard] = (shown.payload ?? []).flatMap(({ contentAttachment }) => contentAttachment?.data ?? []);
    const written = Buffer.from(vcard ?? "", "base64").toString();
    expect(written).toMatch(/BDAY:19700203\r\n[^]*TEL;TYPE=fax:\+49 30 3/);
  });

  it("a contact of whom only a vCard came", async () => {
    const vcard =
      "BEGIN:VCARD\nVERSION:3.0\nFN:Eva Beispiel\nORG:Praxis\nNOTE:Mutter\nTEL;type=CELL:+49 151\nEND:VCARD";
    const { payload, text } = await filed(
      await say({ type: "contacts", contacts: [{ vcard, phones: [{ phone: "+49 151" }] }] }),
    );
    for (const shown of [payload, text]) {
      expect(shown).toContain("[Kontakt] Eva Beispiel\n[Organisation] Praxis\n[Telefon] +49 151\n[Bemerkung] Mutter");
    }
  });

  it("how a call ended", async () => {
    const id = "wacid.missed";
    const call = { id, from: PATIENT.phone, event: "terminate", direction: "USER_INITIATED", status: "FAILED" };
    await change("calls", { calls: [{ ...call, timestamp: String(Math.floor(Date.now() / 1_000)) }] });
    const { payload, text } = await filed(`call:${id}:terminate`);
    for (const shown of [payload, text]) expect(shown).toContain("[Anruf: verpasst, nicht zustande gekommen]");
  });

  it("until when the hospital may call, or that it always may", async () => {
    const reply = (more: object) =>
      say({
        type: "interactive",
        interactive: { type: "call_permission_reply", call_permission_reply: { response: "accept", ...more } },
      });
    const limited = await filed(await reply({ expiration_timestamp: 1_790_000_000 }));
    expect(limited.payload).toBe("[Auswahl] Anrufe erlaubt bis 21.09.2026, 14:13 UTC");
    expect((await filed(await reply({ is_permanent: true }))).text).toContain("Anrufe erlaubt, dauerhaft");
  });

  it("who wrote: the number and the name they chose", async () => {
    const id = wamid(PATIENT.phone);
    const message = { from: PATIENT.phone, id, timestamp: String(Math.floor(Date.now() / 1_000)), type: "text" };
    const contacts = [{ wa_id: PATIENT.phone, profile: { name: "Tochter\n[Klinik]" } }];
    await change("messages", { contacts, messages: [{ ...message, text: { body: "Guten Tag" } }] });
    const { shown, text } = await filed(id);
    expect(shown.sender).toMatchObject({
      display: `+${PATIENT.phone} „Tochter [Klinik]“`,
      extension: [{ valueContactPoint: { system: "phone", value: `+${PATIENT.phone}` } }],
    });
    expect(text).toBe(`[Von +${PATIENT.phone} "Tochter (Klinik)"]\nGuten Tag`);
  });

  it("brackets a patient typed, in quotation marks where the engine's own would stand", async () => {
    const body = "[Vom Absender gelöscht] war ein Versehen";
    const { payload, text } = await filed(await engine.text(body));
    expect(payload).toBe('"[Vom Absender gelöscht]" war ein Versehen');
    expect(text).toBe(`[Von +${PATIENT.phone}]\n"[Vom Absender gelöscht]" war ein Versehen`);
  });

  it("what is from or to a number with + before it, blanks in it or 00", async () => {
    const stamp = () => String(Math.floor(Date.now() / 1_000));
    for (const [nth, from] of [`+${PATIENT.phone}`, "00 49 151 12345678"].entries()) {
      const id = `wamid.plus.${nth}`;
      const contacts = [{ wa_id: PATIENT.phone, profile: { name: "Erika M." } }];
      const text = { type: "text", text: { body: "Guten Tag" } };
      await change("messages", { contacts, messages: [{ from, id, timestamp: stamp(), ...text }] });
      expect((await filed(id)).text).toBe(`[Von +${PATIENT.phone} "Erika M."]\nGuten Tag`);
      const echo = { from: "+15550783881", to: from, id: `${id}.echo`, timestamp: stamp(), ...text };
      await change("smb_message_echoes", { message_echoes: [echo] });
      expect((await filed(`${id}.echo`)).text).toBe(`[Von der Klinik an +${PATIENT.phone}]\nGuten Tag`);
    }
  });

  it("a phone's HEIC as a JPEG that every chart can show, and as it is without where it was taken", async () => {
    const { id, sha256 } = engine.world.whatsapp.addMedia(HEIC, "image/heic");
    const sent = await say(mediaPart("image", { id, mimeType: "image/heic", sha256 }, { caption: "Wunde" }));
    const { shown, document } = await filed(sent);
    expect(document?.formats).toEqual(["IM^JPEG", "IM^HEIC"]);
    const types = (shown.payload ?? []).flatMap(({ contentReference }) => {
      const media = engine.world.fhir.chart.read(contentReference?.reference ?? "");
      return (media as { content?: { contentType?: string } } | undefined)?.content?.contentType ?? [];
    });
    expect(types).toEqual(["image/jpeg", "image/heic"]);
    const binaries = engine.world.fhir.chart.all("Binary") as unknown as { contentType: string; data: string }[];
    const original = binaries.find(({ contentType }) => contentType === "image/heic");
    expect(Buffer.from(original?.data ?? "", "base64").includes(HEIC_CANARY)).toBe(false);
  });

  it("a film without where it was filmed and with what, as it came beside it", async () => {
    const bytes = film();
    const { id, sha256 } = engine.world.whatsapp.addMedia(bytes, "video/mp4");
    const { shown } = await filed(await say(mediaPart("video", { id, mimeType: "video/mp4", sha256 }, {})));
    const binary = (engine.world.fhir.chart.all("Binary") as { contentType?: string; data?: string }[]).find(
      ({ contentType }) => contentType === "video/mp4",
    );
    const inChart = Buffer.from(binary?.data ?? "", "base64");
    expect([inChart.length, inChart.includes(PLACE)]).toEqual([bytes.length, false]);
    const { attachments = [] } = await engine.api.get<ShownMessage>(`/api/v1/messages/${shown.id}`);
    expect(attachments[0]?.original_sha256).toBe(Buffer.from(sha256, "base64").toString("hex"));
  });

  it("a file of the history, and what stood in for it is nobody's work any more", async () => {
    const id = wamid(PATIENT.phone);
    const at = String(Math.floor(Date.now() / 1_000) - 86_400);
    const standIn = { from: PATIENT.phone, id, timestamp: at, type: "media_placeholder" };
    const { id: mediaId, sha256 } = engine.world.whatsapp.addMedia(pdf(), "application/pdf");
    const given = { id: mediaId, mime_type: "application/pdf", sha256, filename: "Befund.pdf" };
    const file = { from: PATIENT.phone, id, timestamp: at, type: "document", document: given };
    await change("history", { history: [{ threads: [{ id: PATIENT.phone, messages: [standIn] }] }] });
    await change("history", { messages: [file] });
    const both = async () => (await engine.api.find(id)).map(({ kind, state }) => `${kind} ${state}`).sort();
    await engine.eventually("the file is filed", async () => (await both()).includes("document filed"));
    expect(await both()).toEqual(["document filed", "unknown filtered"]);
    const stoodIn = (await engine.api.find(id)).find(({ kind }) => kind === "unknown");
    const again = await fetch(`${engine.url}/api/v1/messages/${stoodIn?.id}/reprocess`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}` },
    });
    expect(again.status).toBe(202);
    await engine.eventually("it is filtered again", async () => (await both()).includes("unknown filtered"));
  });
});
