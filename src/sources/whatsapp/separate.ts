import type { MessageDraft } from "#src/message/message.ts";
import type { NoticeDraft } from "#src/message/notice.ts";
import { fingerprint } from "./fingerprint.ts";

/**
 * Intake knows a message by its id. Where one body uses an id twice for different things, the later ones get a `part`
 * of their own, so that none is taken for a duplicate and lost; a true repetition keeps the same identity. Each number,
 * and what already is a part, counts for itself, so that an id does not depend on what else is in the body.
 */
export function separate(drafts: readonly MessageDraft[]): MessageDraft[] {
  return apart(drafts, ({ content, attachments, raw }) =>
    // What was said, without what may differ between two reports of it (the expiring `url`, the profile name).
    content.kind === "unknown"
      ? { content, element: (raw as { element: unknown }).element }
      : { content, media: attachments?.map((attachment) => attachment.mediaId) },
  );
}

/** The same for notices: what one tells is its event and its codes. */
export function separateNotices(drafts: readonly NoticeDraft[]): NoticeDraft[] {
  return apart(drafts, ({ event, codes }) => ({ event, codes }));
}

type Identified = Pick<MessageDraft, "externalId" | "part" | "addressee">;

function apart<Draft extends Identified>(drafts: readonly Draft[], substance: (draft: Draft) => unknown): Draft[] {
  const first = new Map<string, { readonly draft: Draft; print?: string }>();
  return drafts.map((draft) => {
    const name = JSON.stringify([draft.addressee, draft.externalId, draft.part]);
    const known = first.get(name);
    if (known === undefined) {
      first.set(name, { draft });
      return draft;
    }
    const print = fingerprint(substance(draft));
    known.print ??= fingerprint(substance(known.draft));
    return print === known.print ? draft : { ...draft, part: print.slice(0, 16) };
  });
}
