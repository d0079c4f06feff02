import type { MessageDraft } from "#src/message/message.ts";
import { fingerprint } from "./fingerprint.ts";

/**
 * Intake knows a message by its id. Where one body uses an id twice for different things, the later ones get a `part`
 * of their own, so that none is taken for a duplicate and lost; a true repetition keeps the same identity.
 */
export function separate(drafts: readonly MessageDraft[]): MessageDraft[] {
  const first = new Map<string, MessageDraft>();
  return drafts.map((draft) => {
    const known = first.get(draft.externalId);
    if (known === undefined) {
      first.set(draft.externalId, draft);
      return draft;
    }
    const print = substance(draft);
    return print === substance(known) ? draft : { ...draft, part: print.slice(0, 16) };
  });
}

/** What was said, without what may differ between two reports of it (the expiring `url`, the profile name). */
function substance({ content, attachments, raw }: MessageDraft): string {
  return fingerprint(
    content.kind === "unknown"
      ? { content, element: (raw as { element: unknown }).element }
      : { content, media: attachments?.map((attachment) => attachment.mediaId) },
  );
}
