import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { mapExample } from "#src/channel/examples.ts";
import { loadHl7Profiles } from "#src/channel/hl7-profiles.ts";
import { loadMapping } from "#src/channel/mapping.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { fillSlots } from "#src/destinations/mllp/fill-slots.ts";
import { charsetOf } from "#src/hl7/charset-of.ts";
import { encode } from "#src/hl7/encode.ts";
import type { Hl7Message } from "#src/hl7/message.ts";
import { parseHl7 } from "#src/hl7/parse.ts";

const EXAMPLES = "mappings/message-to-mdm/examples";

/** Every golden MDM as it goes over the wire, and every document drawn for one, as files of a folder; their names. */
export async function writeExhibits(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const mapping = await loadMapping("mappings", "message-to-mdm");
  const profiles = await loadHl7Profiles("config/hl7-profiles");
  for (const name of readdirSync(EXAMPLES)) {
    const bytes = await wire((await mapExample(mapping, join(EXAMPLES, name), profiles)) as Hl7Message);
    writeFileSync(join(folder, `${name}.hl7`), bytes);
    const pdf = drawn(bytes);
    if (pdf) writeFileSync(join(folder, `${name}.pdf`), pdf);
  }
  return readdirSync(folder).sort();
}

/** The bytes of a message, with a made-up picture for every attachment. */
async function wire(message: Hl7Message): Promise<Buffer> {
  const picture = gradientPng(320, 200);
  const { pieces } = encode(message, { charset: charsetOf(message) });
  const filled = await fillSlots(pieces, () => Readable.from([picture]));
  return Buffer.concat(
    filled.map((piece) => (Buffer.isBuffer(piece) ? piece : Buffer.from(picture.toString("base64")))),
  );
}

function drawn(bytes: Buffer): Buffer | undefined {
  const message = parseHl7(bytes);
  const count = message.segments.filter((name) => name === "OBX").length;
  const nth = Array.from({ length: count }, (_, at) => message.value("OBX", 3, 1, at)).indexOf("PDF");
  return nth < 0 ? undefined : Buffer.from(message.value("OBX", 5, 5, nth), "base64");
}
