import type { enPages } from "./en-pages.ts";
import { manyIn } from "./many.ts";

const many = manyIn("de");

/** What single pages say. */
export const dePages: typeof enPages = {
  overview: {
    title: "Überblick",
    empty: "Kein Kanal läuft. Legen Sie eine Kanaldatei in den Ordner; sie wird von selbst gelesen.",
    sentence: (received, filed) =>
      `In der letzten Stunde ${received === 1 ? "kam" : "kamen"} ${many(received, "Nachricht", "Nachrichten")}, ${filed.toLocaleString("de")} wurden abgelegt.`,
    perMinute: (channel, most) => `Empfangene Nachrichten je Minute auf ${channel}, höchstens ${most}`,
  },
  lanes: {
    title: "Bahnen",
    about: "Ein Gespräch auf dem Weg an einen Ort. Es gibt sie nur, solange etwas in ihr offen ist.",
    empty: "Keine Bahn passt. Eine Bahn gibt es nur, solange etwas offen ist: eine leere Liste ist eine gute.",
    counts: (counts) =>
      `${counts["parked"] ?? 0} geparkt, ${counts["retrying"] ?? 0} im neuen Versuch, ${counts["working"] ?? 0} in Arbeit, ${counts["waiting"] ?? 0} wartend`,
    why: "Warum geht es nicht weiter?",
    parkedSentence: (stage, since, error) => `Seit ${since} an ${stage} geparkt: ${error}. Ein Mensch muss handeln.`,
    personSentence: (stage, since) => `Seit ${since} an ${stage} von einem Menschen angehalten.`,
    retrySentence: (stage, since, error, tries, next) =>
      `Wartet seit ${since} auf ${stage}: ${error}, ${many(tries, "Versuch", "Versuche")}, der nächste in ${next}.`,
    workingSentence: (stage) => `Eine Engine arbeitet gerade an ${stage} daran.`,
    waitingSentence: (stage) => `An ${stage} fällig: eine Engine nimmt sie mit dem nächsten freien Platz.`,
    behind: (count) =>
      count === 0
        ? "Dahinter wartet nichts."
        : `Dahinter ${many(count, "wartet eine Nachricht", "warten Nachrichten")
            .replace(/^1 /, "")
            .replace(/^(\d[\d.]*) warten/, "warten $1")}.`,
    head: "Spitze",
    behindTitle: "Dahinter",
    elsewhere: "Dasselbe Gespräch an anderen Orten",
    sameError: (count) =>
      count === 0 ? "in keinem anderen Gespräch" : `in ${many(count, "anderen Gespräch", "anderen Gesprächen")}`,
    sameErrorTitle: "Derselbe Fehler",
    breaker: (engine, next) => `Engine ${engine} hält das Ziel zurück und prüft es in ${next}.`,
    paused: (channel, until, reason) =>
      `Der Kanal ${channel} ist bis ${until} angehalten: nichts von ihm wird bis dahin gesendet. Grund: ${reason}`,
    inDoubt: "Sie kann angekommen sein: dieselben Bytes gehen noch einmal hinaus.",
    who: "Wer helfen kann",
    whoText: {
      transient: "Wer das Ziel betreibt, falls es anhält. Es geht von selbst weiter.",
      ambiguous: "Noch muss niemand handeln: dieselben Bytes werden noch einmal gesendet.",
      permanent: "Ein Mensch muss handeln; ein neuer Versuch allein hilft nicht.",
    },
    tryNow: "Jetzt versuchen",
    tryNowHint: "macht sie sofort fällig",
    park: "Hier anhalten",
    parkHint: "nichts aus diesem Gespräch wird gesendet, bis es jemand weitergehen lässt",
    unpark: "Mit dem Wartenden weitergehen",
    unparkHint: "was gescheitert ist, bleibt gescheitert",
    reprocess: "Spitze noch einmal senden",
    reprocessHint: "ihre gescheiterten Zustellungen werden neu eingereiht, und die Bahn geht weiter",
    gone: "Diese Bahn ist erledigt: in ihr wartet nichts mehr.",
  },
  messages: {
    title: "Nachrichten",
    empty: "Keine Nachricht passt zu diesem Filter.",
    emptyAll: "Es kam noch keine Nachricht. Die erste erscheint hier von selbst.",
    bulk: "Noch einmal verarbeiten …",
    bulkSelected: (count) => `${many(count, "ausgewählte", "ausgewählte")} noch einmal verarbeiten …`,
    bulkCounting: "Zählt …",
    bulkFrozen: (count) =>
      count === 0
        ? "Keine Nachricht passt."
        : `Gemeint ${count === 1 ? "ist" : "sind"} genau ${many(count, "Nachricht", "Nachrichten")}. Was später kommt, nicht.`,
    bulkType: (count) => `Zur Bestätigung ${count} eintippen`,
    bulkStart: (count) => `${many(count, "Nachricht", "Nachrichten")} noch einmal verarbeiten`,
    bulkProgress: (again, refused, total) =>
      `${again + refused} von ${total}: ${again} noch einmal verarbeitet, ${refused} erlaubt ihr Zustand nicht`,
  },
  message: {
    title: "Nachricht",
    timeline: "Verlauf",
    gap: (age) => `${age} nichts`,
    deliveries: "Zustellungen",
    attachments: "Anhänge",
    ownWords: "Wortlaut der Ziele",
    ownWordsJournaled: "Jedes Lesen steht im Journal.",
    noOwnWords: "Kein Ziel hat etwas in eigenen Worten gesagt.",
    noDeliveries: "Noch wurde nichts gesendet.",
    noAttachments: "Keine.",
    reprocess: "Noch einmal verarbeiten",
    withdraw: "Zurückziehen …",
    withdrawTitle: "Aus jeder Akte nehmen, die sie hat",
    withdrawReasons: {
      wrong_patient: "falscher Patient",
      wrong_case: "falscher Fall",
      sent_by_mistake: "versehentlich gesendet",
      other: "anderes",
    },
    release: "Freigeben …",
    releaseTitle: "Mit ihren Anhängen, wie sie sind, weitergehen lassen",
    placeholder: "Ohne ihn ablegen …",
    placeholderTitle: "Ohne ihre Anhänge weitergehen lassen: die Akte zeigt an ihrer Stelle je eine Zeile",
    purposes: { addendum: "Nachtrag", withdraw: "Rücknahme" },
    resend: "Noch einmal senden …",
    resendTitle: (destination) => `Dieselben Bytes noch einmal an ${destination} senden`,
    resendReasons: {
      lost_there: "dort verloren gegangen",
      restored_from_backup: "das Ziel wurde aus einer Sicherung hergestellt",
      skipped_in_error: "irrtümlich übersprungen",
      other: "anderes",
    },
    skip: "Hier überspringen …",
    skipTitle: (destination) => `An ${destination} aufgeben; was dahinter wartet, geht weiter`,
    skipReasons: {
      refused_for_good: "endgültig abgelehnt",
      filed_by_hand: "von Hand abgelegt",
      not_for_this_destination: "nicht für dieses Ziel",
      destination_gone: "das Ziel gibt es nicht mehr",
      other: "anderes",
    },
    attempts: (count) => many(count, "Versuch", "Versuche"),
    receipt: "Quittung",
    confirmation: "Zurückgelesen",
    masked: "zeigt Ihre Rolle nicht",
    json: "JSON",
    lane: "ihre Bahn",
    error: "Warum sie wartet",
  },
  decision: {
    who: "Wer hat entschieden",
    why: "Warum",
    freeWhy: "Warum (das Protokoll behält es: nichts über den Patienten)",
  },
  channels: {
    pause: "Anhalten …",
    pauseTitle: (channel) => `Die Arbeit von ${channel} anhalten; was kommt, wird angenommen und wartet`,
    pausedUntil: (since, until) => `Seit ${since} angehalten, geht um ${until} von selbst weiter.`,
    pauseUntil: "Bis (höchstens sieben Tage voraus)",
    pauseWhy: "Warum (alle sehen es: nichts über einen Patienten)",
    resume: "Jetzt weitergehen",
    title: "Kanäle",
    empty: "Es wurde keine Kanaldatei gefunden.",
    graph: "Fluss",
    table: "Als Tabelle",
    node: (name, open) => `${name}: ${open} offen`,
    problems: "Warum die neueste Datei nicht läuft",
    prepare: "vorbereiten",
  },
  notices: {
    title: "Hinweise",
    about: "Was Anbieter den Betreibern mitteilen.",
    empty: "Der Anbieter hat nichts mitgeteilt, das passt.",
  },
  purges: {
    title: "Löschungen",
    empty:
      "Noch wurde nichts gelöscht. Es geschieht von selbst, wenn eine Epoche vorbei ist und alles in ihr gehen darf.",
    good: (key) => `Signatur gilt (Schlüssel ${key})`,
    bad: "SIGNATUR GILT NICHT",
    unknownKey: "mit einem Schlüssel signiert, den diese Engine nicht veröffentlicht",
    checking: "wird geprüft …",
    unable: "dieser Browser kann Ed25519 nicht prüfen",
    about: "Jede Signatur wird in diesem Browser gegen den veröffentlichten Schlüssel geprüft.",
  },
  engines: {
    title: "Engines",
    empty: "Von keiner Engine wurde gehört. Diese meldet sich alle zwei Sekunden.",
    ahead: (ms) => (ms === 0 ? "wie die Datenbank" : `${ms > 0 ? "+" : ""}${ms} ms`),
    accepts: "nimmt Nachrichten an",
    full: "Platte zu voll: nimmt nichts Neues",
    heldBack: "Hält zurück",
  },
  privacy: {
    title: "Datenschutz",
    coverage: "Was gespeichert ist, und warum",
    sum: (stored) => `${many(stored, "Nachricht", "Nachrichten")} gespeichert, jede in einer Klasse`,
    sumBad: (stored, classed) =>
      `${stored} Nachrichten sind gespeichert, aber nur ${classed} in einer Klasse. Melden Sie das als Fehler.`,
    sentence: (parts) => (parts === "" ? "Nichts ist gespeichert." : `Gespeichert sind ${parts}.`),
    class: {
      due: "gehen mit der nächsten Löschung",
      running: "abgelegt, Frist läuft",
      unconfirmed: "noch nicht bestätigt",
      held: "angehalten",
      failed: "gescheitert",
      restricted: "eingeschränkt",
    },
    picture: "Gespeicherte Nachrichten nach Epoche und Klasse",
    periods: "Wie lange Kanäle behalten, was sie annehmen",
    afterFiled: "Nach der Ablage",
    hardMax: "Höchstens",
    unknown: "Angehalten höchstens, dann eingeschränkt",
    csv: "Als CSV",
    lastPurge: "Letzte Löschungen",
    byChannel: "Nach Kanal",
    beyond: "älter, als ein Kanal erlaubt",
  },
};
