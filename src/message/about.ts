import type { MessageId } from "./id.ts";

/** What is known of the message another is about: one that is answered, reacted to, edited or deleted. */
export interface About {
  /** When it was sent; absent where it never was here, or is not here any more. */
  readonly sentAt?: string;
  /** Whether the destination holds it. */
  readonly filed: boolean;
  /** The id it is filed under, where that is not its own any more (`filedId`). */
  readonly filedAs?: MessageId;
  /**
   * Its later wordings that came before this message and are held by the destination, oldest first. A caption alone is
   * none: it stands beside.
   */
  readonly wordings: readonly MessageId[];
  /** Set where a wording that was sent later than this one was decided before it. */
  readonly superseded?: true;
}
