import { BotenstoffError } from "#src/message/error-code.ts";

/** Attached pictures that cannot be drawn, or made small enough: whoever can do without goes on without. */
export class Undrawable extends BotenstoffError {
  readonly pictures: readonly string[];

  constructor(pictures: readonly string[], cause: unknown) {
    const why = cause instanceof BotenstoffError ? cause.message : "drawing a picture: its bytes cannot be read as one";
    super("MAPPING_FAILED", why, { cause });
    this.pictures = pictures;
  }
}
