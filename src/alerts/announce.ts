import type { AlertsFile, Occasion } from "./file.ts";

/** What is told of an alert; nothing personal: ids of channels and destinations, numbers, times. */
export interface Announcement {
  readonly alert: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  readonly occasion: Occasion;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly value: number;
}

const WORDS = {
  de: {
    opened: "ALARM",
    closed: "ENTWARNUNG",
    escalated: "ESKALATION",
    since: "seit",
    until: "bis",
    value: "Wert",
    about: "betrifft",
    todo: "Was tun",
    nobody: "Noch hat niemand den Alarm übernommen.",
    gone: "Die Regel steht nicht mehr in der Datei.",
  },
  en: {
    opened: "ALERT",
    closed: "ALL CLEAR",
    escalated: "ESCALATION",
    since: "since",
    until: "until",
    value: "value",
    about: "about",
    todo: "What to do",
    nobody: "Nobody has taken the alert yet.",
    gone: "The rule is no longer in the file.",
  },
} as const;

/** The subject and the text of a mail, in the file's language. */
export function announce(file: AlertsFile, told: Announcement): { readonly subject: string; readonly text: string } {
  const { language, timezone } = file;
  const words = WORDS[language];
  const rule = file.rules.find(({ id }) => id === told.rule);
  const title = rule?.title[language] ?? told.rule;
  const time = (at: Date) =>
    new Intl.DateTimeFormat(language === "de" ? "de-DE" : "en-GB", {
      timeZone: timezone,
      dateStyle: "short",
      timeStyle: "medium",
    }).format(at);
  const lines = [
    title,
    "",
    ...(told.subject === "" ? [] : [`${words.about}: ${told.subject.replaceAll(",", ", ")}`]),
    `${words.since}: ${time(told.openedAt)}`,
    ...(told.closedAt ? [`${words.until}: ${time(told.closedAt)}`] : []),
    `${words.value}: ${Math.round(told.value * 1_000) / 1_000}`,
    ...(told.occasion === "escalated" ? ["", words.nobody] : []),
    ...(told.occasion === "closed" ? [] : ["", `${words.todo}: ${rule?.remedy[language] ?? words.gone}`]),
    "",
    `${told.rule} ${told.alert}`,
  ];
  const about = told.subject === "" ? "" : ` (${told.subject})`;
  return { subject: `[${words[told.occasion]}] ${title}${about}`, text: lines.join("\n") };
}
