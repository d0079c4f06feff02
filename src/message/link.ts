/** What a contact is to a patient. */
export const LINK_ROLES = ["self", "guardian", "proxy"] as const;
export type LinkRole = (typeof LINK_ROLES)[number];
/** Who writes in a patient's place. */
export type Writer = Exclude<LinkRole, "self">;

/** For what a link stands: the messages it was made for, while one case is open, or from now on. */
export const LINK_SCOPES = ["once", "case", "always"] as const;
export type LinkScope = (typeof LINK_SCOPES)[number];

/** What a link rests on, and the level it gives. Level 1, the number alone, is no link: the directory says it. */
export const EVIDENCE = {
  /** Two identifiers, got elsewhere than from the conversation, that a clerk typed. */
  clerk: 2,
  /** A code given at admission. */
  code: 2,
  /** Such a code, and an answer that only the patient knows. */
  challenge: 3,
  /** Two identifiers that a clerk typed, and one that another person typed. */
  two_persons: 3,
  /** Staff has seen the patient write. */
  in_person: 4,
} as const;
export type Evidence = keyof typeof EVIDENCE;

/** What makes a link weaker, and how weak: 1 counts as what the directory says, 0 files nothing until somebody decides. */
export const LOWERINGS = {
  number_changed: 0,
  number_left: 0,
  user_id_changed: 1,
  key_changed: 1,
  number_moved: 1,
  silence: 1,
  merged: 1,
  unmerged: 0,
  died: 0,
  came_of_age: 0,
  consent_withdrawn: 0,
  staff_report: 0,
} as const;
export type Lowering = keyof typeof LOWERINGS;

/** WhatsApp itself takes a number that was idle for so long for a recycled one. */
export const SILENCE_MS = 45 * 86_400_000;
