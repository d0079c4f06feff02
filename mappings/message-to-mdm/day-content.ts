import type { Day } from "#src/message/day.ts";
import type { Message } from "#src/message/message.ts";
import type { Block } from "#src/message/sheet.ts";
import { counterpartLine } from "#src/wording/contact.ts";
import { circumstanceLines, readableLines } from "#src/wording/readable.ts";
import type { Words } from "#src/wording/words.ts";
import { told } from "#src/wording/typed.ts";
import { partsOf, travelling } from "./attachment.ts";
import { encapsulated, extensionOf, presentationOf } from "./data-type.ts";
import { dateOf } from "./day-event.ts";
import { observation } from "./observation.ts";
import type { MdmParams } from "./params.ts";
import type { DocumentContent, Rendering } from "./rendering.ts";
import { clockTime, daySheetOf } from "./sheet.ts";

const PDF = "application/pdf";

/** One message of the day: its blocks in the document, and what cannot be drawn. */
interface Entry {
  readonly blocks: readonly Block[];
  readonly beside: ReturnType<typeof travelling>;
}

/** The conversation of a day up to and including the message, as one drawn document. */
export function dayContentOf(rendering: Rendering, day: Day, routedAt: string): DocumentContent {
  const { message, params } = rendering;
  const messages = [...day.earlier, message];
  const entries = messages.map((one) => entryOf(one, messages, rendering));
  const sheet = daySheetOf(rendering, day, [
    ...remarks(rendering, day, routedAt),
    ...entries.flatMap(({ blocks }) => blocks),
  ]);
  const value = encapsulated(PDF, { pdf: sheet }, params);
  const beside = params.profile.beside_pdf === "attach" ? entries.flatMap((entry) => entry.beside) : [];
  return {
    presentation: presentationOf(PDF),
    mimeType: PDF,
    extension: extensionOf(PDF),
    observations: [
      observation({ type: "ED", id: ["PDF", "The day as a document", "L"], value, message, params }, 1),
      ...beside.map((part, index) => observation({ ...part, message, params }, index + 2)),
    ],
  };
}

/** What the reader must know that is not in this document: nothing of a day is left out silently. */
function remarks(
  { message, params: { profile }, words }: Rendering,
  { elsewhere, version }: Day,
  routedAt: string,
): Block[] {
  if (elsewhere > 0) return [{ lines: [told(words.moreElsewhere(elsewhere))] }];
  // What came before may be filed and purged by now: nobody knows any more whether there was anything.
  const late = version === 1 && dateOf(routedAt, profile) !== dateOf(message.sentAt, profile);
  return late ? [{ lines: [told(words.afterThatDay)] }] : [];
}

function entryOf(message: Message, day: readonly Message[], rendering: Rendering): Entry {
  const { params, subject, words } = rendering;
  const parts = partsOf(message, rendering);
  const beside = travelling(parts).filter(({ picture }) => !picture);
  const missing = params.profile.beside_pdf === "attach" ? [] : beside;
  const who = message.recipient ? words.clinic : counterpartLine(message.sender, subject.writer, words);
  const lines = [
    `${words.time(clockTime(message.sentAt, params))}${who === "" ? "" : ` · ${who}`}`,
    ...circumstanceLines(message.circumstances, words),
    ...aboutLines(message, day, params, words),
    ...readableLines(message.content, words, message.attachments),
    ...parts.flatMap(({ remark }) => remark),
    ...missing.map(({ mimeType }) => told(words.notInDocument(mimeType))),
  ];
  return { blocks: [{ lines }, ...parts.flatMap(({ picture }) => picture ?? [])], beside };
}

/** Which message an answer, a reaction, an edit or a deletion is about. */
function aboutLines({ content, replyTo }: Message, day: readonly Message[], params: MdmParams, words: Words): string[] {
  const target = "target" in content ? content.target : replyTo;
  if (target === undefined) return [];
  const found = day.find(({ externalId }) => externalId === target);
  return [
    told(found ? words.aboutMessageOf(words.time(clockTime(found.sentAt, params))) : words.aboutMessageElsewhere),
  ];
}
