import type { ChoiceContent } from "#src/message/content.ts";
import type { Message } from "#src/message/message.ts";
import { readableLines } from "#src/wording/readable.ts";
import { told } from "#src/wording/typed.ts";
import type { Chart } from "./chart.ts";
import { filed } from "./filed.ts";
import { textPayload, withCaption, type Rendered } from "./rendered.ts";

/** What was chosen, as lines; the hospital's own id of the choice in a note; what a form uploaded as attachments. */
export function choice(message: Message, content: ChoiceContent, chart: Chart): Rendered {
  const { words } = chart;
  const { payload, attachments = [] } = withCaption(filed(message, chart), undefined);
  return {
    payload: [textPayload(readableLines(content, words).join("\n")), ...payload],
    attachments,
    ...(content.payload !== undefined && { notes: [told(words.choiceId(content.payload))] }),
  };
}
