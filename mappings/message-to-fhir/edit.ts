import type { EditContent } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import { told } from "#src/wording/typed.ts";
import type { Chart } from "./chart.ts";
import { document } from "./document.ts";
import { image } from "./image.ts";
import { textPayload, type Rendered } from "./rendered.ts";
import { text } from "./text.ts";
import { video } from "./video.ts";

/** The new wording as a Communication of its own about the original, which stays as the hospital first read it. */
export function edit(message: Message, { target, revised }: EditContent, chart: Chart): Rendered {
  const rendered = revision(message, revised, chart);
  return { ...rendered, payload: [textPayload(told(chart.words.edited)), ...rendered.payload], changes: target };
}

function revision(message: Message, revised: EditContent["revised"], chart: Chart): Rendered {
  switch (revised.kind) {
    case "text":
      return text(revised);
    case "image":
      return image(message, revised, chart);
    case "video":
      return video(message, revised, chart);
    case "document":
      return document(message, revised, chart);
  }
}
