import { circumstanceLines, readableLines } from "#src/wording/readable.ts";
import { told } from "#src/wording/typed.ts";
import { partsOf, travelling, type Carried } from "./attachment.ts";
import { encapsulated, extensionOf, presentationOf } from "./data-type.ts";
import { observation } from "./observation.ts";
import type { DocumentContent, Rendering } from "./rendering.ts";
import { localTime, sheetOf, writerLines } from "./sheet.ts";
import { textValues } from "./text-values.ts";

/** The message as one document; OBX-4 tells its parts apart. */
export function contentOf(rendering: Rendering): DocumentContent {
  const { message, params, words } = rendering;
  const parts = partsOf(message, rendering);
  const lines = [
    ...circumstanceLines(message.circumstances, words),
    ...readableLines(message.content, words, message.attachments),
    ...parts.flatMap(({ remark }) => remark),
    ...about(rendering),
    ...(rendering.event.addsTo === undefined ? [] : [told(words.addsTo(rendering.event.addsTo))]),
  ];
  return params.profile.render === "pdf" ? drawn(rendering, lines, parts) : observed(rendering, lines, parts);
}

/**
 * A document of its own that is about another message says which, as a ward can find it: by its time. Where the event
 * names the other document (TXA-13, or the same number), the KIS shows the two together.
 */
function about({ message, event, params, words, about: known }: Rendering): string[] {
  const isAbout = "target" in message.content || message.replyTo !== undefined;
  if (!isAbout || (event.trigger !== "T01" && event.trigger !== "T02")) return [];
  const sentAt = known?.sentAt;
  const when = sentAt === undefined ? undefined : localTime(sentAt, params, words);
  return [told(when === undefined ? words.aboutEarlierMessage : words.aboutMessageAt(when))];
}

function observed(rendering: Rendering, said: readonly string[], parts: readonly Carried[]): DocumentContent {
  const { message, params } = rendering;
  const sent = travelling(parts);
  const [first] = sent;
  const { text } = params.profile;
  const values = textValues([...writerLines(rendering), ...said], params.profile);
  const type = first?.mimeType ?? "text/plain";
  return {
    presentation: first ? presentationOf(type) : text,
    mimeType: type,
    extension: extensionOf(type, first?.fileName),
    ...(first?.fileName !== undefined && parts.length === 1 && { fileName: first.fileName }),
    observations: [
      ...values.map((value, index) =>
        observation({ type: text, id: ["TEXT", "Text of the message", "L"], value, message, params }, index + 1),
      ),
      ...sent.map((part, index) => observation({ ...part, message, params }, values.length + index + 1)),
    ],
  };
}

function drawn(rendering: Rendering, lines: readonly string[], parts: readonly Carried[]): DocumentContent {
  const { message, params, words } = rendering;
  const attach = params.profile.beside_pdf === "attach";
  const beside = travelling(parts).filter(({ picture }) => !picture);
  const missing = attach ? [] : beside.map(({ mimeType }) => told(words.notInDocument(mimeType)));
  const sheet = sheetOf(
    rendering,
    [...lines, ...missing],
    parts.flatMap(({ picture }) => picture ?? []),
  );
  const value = encapsulated("application/pdf", { pdf: sheet }, params);
  return {
    presentation: presentationOf("application/pdf"),
    mimeType: "application/pdf",
    extension: "pdf",
    observations: [
      observation({ type: "ED", id: ["PDF", "The message as a document", "L"], value, message, params }, 1),
      ...(attach ? beside : []).map((part, index) => observation({ ...part, message, params }, index + 2)),
    ],
  };
}
