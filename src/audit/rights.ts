/** Every right, and what it allows. A route names the right it asks for; the rest are asked for by fields. */
export const RIGHTS = {
  "messages.read": "See messages: ids, states, times, error codes and deliveries, without anything personal.",
  "identifiers.read": "See the source's own ids (a wamid holds a phone number) and what destinations answered.",
  "content.read": "Read what was written; every reading is journaled.",
  "messages.reprocess": "Process held, filtered and failed messages again.",
  "messages.release": "Let quarantined messages go on with their attachments as they are.",
  "messages.withdraw": "Take messages out of the charts that have them.",
  "lanes.read": "See lanes: what waits, why, and for how long.",
  "lanes.decide": "Let lanes try now, stop and go on.",
  "notices.read": "See what providers tell operators.",
  "statuses.read": "See how far sent messages have come.",
  "channels.read": "See which channels run, and why others do not.",
  "purges.read": "See purges and their signed certificates.",
  "engines.read": "See the engines on the database: leases, clocks, disk.",
  "coverage.read": "See why and until when messages are stored: counts only.",
  "rehomings.read": "See what was filed before its patient or case changed.",
  "alerts.read": "See alerts and maintenance windows.",
  "alerts.act": "Take alerts, and begin and end maintenance windows.",
  "tokens.manage": "Create, list and revoke machine tokens.",
  "sessions.manage": "See and end everybody's sessions.",
} as const;

export type Right = keyof typeof RIGHTS;

/** Every role, and who has it. */
export const ROLES = {
  engineer: "Interface engineer: keeps channels running, never sees content, names or numbers.",
  clerk: "Ward clerk: decides what becomes of held messages.",
  approver: "Second pair of eyes: confirms what a clerk decided, never a case of his own.",
  clinician: "Reads the conversation of the one patient whose chart is open.",
  privacy: "Data protection officer: counts, periods, certificates and who looked; no content.",
  auditor: "Reads the journal.",
  admin: "Administrator: tokens, sessions and keys.",
  machine: "Another system of the house, by token.",
} as const;

export type Role = keyof typeof ROLES;

/** The whole matrix: who may what. Routes, docs/access.md and the tests are made from it. */
export const MATRIX: Readonly<Record<Role, readonly Right[]>> = {
  engineer: [
    "alerts.read",
    "alerts.act",
    "messages.read",
    "messages.reprocess",
    "lanes.read",
    "lanes.decide",
    "notices.read",
    "statuses.read",
    "channels.read",
    "engines.read",
    "purges.read",
    "coverage.read",
    "rehomings.read",
  ],
  clerk: [
    "messages.read",
    "identifiers.read",
    "content.read",
    "messages.reprocess",
    "messages.release",
    "messages.withdraw",
    "statuses.read",
    "channels.read",
    "rehomings.read",
  ],
  approver: ["messages.read", "identifiers.read", "content.read", "channels.read"],
  clinician: [],
  privacy: ["messages.read", "channels.read", "purges.read", "coverage.read", "rehomings.read"],
  auditor: ["channels.read", "purges.read", "coverage.read"],
  admin: ["channels.read", "engines.read", "alerts.read", "alerts.act", "tokens.manage", "sessions.manage"],
  machine: [
    "alerts.read",
    "alerts.act",
    "messages.read",
    "identifiers.read",
    "content.read",
    "messages.reprocess",
    "messages.release",
    "messages.withdraw",
    "lanes.read",
    "lanes.decide",
    "notices.read",
    "statuses.read",
    "channels.read",
    "engines.read",
    "purges.read",
    "coverage.read",
    "rehomings.read",
  ],
};
