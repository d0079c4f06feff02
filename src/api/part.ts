/** What the HTTP side consists of. Each part may have a listener of its own, so that a DMZ sees webhooks and nothing else. */
export const PARTS = ["webhooks", "api", "metrics"] as const;

export type Part = (typeof PARTS)[number];
