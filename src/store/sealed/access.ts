import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Place } from "#src/seal/place.ts";

/** Where what concerns the people of the house is sealed: under the directory's key, for it dies by rows, not by epochs. */
export const accessPlace = {
  session: (id: string): Place => ({ epoch: DIRECTORY_EPOCH, table: "access_session", row: id, column: "sealed" }),
  /** The browser's half of a sign-in that is under way. */
  login: (): Place => ({ epoch: DIRECTORY_EPOCH, table: "access_login", row: "cookie", column: "sealed" }),
  breakGlass: (name: string): Place => ({ epoch: DIRECTORY_EPOCH, table: "break_glass", row: name, column: "sealed" }),
  who: (id: string): Place => ({ epoch: DIRECTORY_EPOCH, table: "journal", row: id, column: "who" }),
};
