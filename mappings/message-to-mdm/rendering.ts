import type { About } from "#src/message/about.ts";
import type { Segment } from "#src/hl7/message.ts";
import type { Subject } from "#src/message/directory.ts";
import type { Fit } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentEvent } from "./event.ts";
import type { Words } from "#src/wording/words.ts";
import type { MdmParams } from "./params.ts";

/** The document itself: what TXA calls it and the OBX segments that carry it. */
export interface DocumentContent {
  /** TXA-3, table 0191. */
  readonly presentation: string;
  readonly mimeType: string;
  /** Of TXA-16, without the dot. */
  readonly extension: string;
  /** The name its sender gave the file that the document is, fit to be shown. */
  readonly fileName?: string;
  readonly observations: readonly Segment[];
}

/** What a document is made of. */
export interface Rendering {
  readonly message: Message;
  readonly subject: Subject;
  readonly event: DocumentEvent;
  readonly params: MdmParams;
  /** Of the message this one is about. */
  readonly about?: About;
  readonly words: Words;
  readonly fit?: Fit;
  /** What people call that through which the message came. */
  readonly sourceName: string;
}
