import type { Words } from "./words.ts";

const CALL_EVENTS: Readonly<Record<string, string>> = {
  connect: "begonnen",
  accept: "angenommen",
  reject: "abgelehnt",
  missed: "verpasst",
  terminate: "beendet",
};

const CALL_OUTCOMES: Readonly<Record<string, string>> = {
  completed: "beendet",
  rejected: "abgelehnt",
  declined: "abgelehnt",
  missed: "verpasst",
  no_answer: "verpasst",
  unanswered: "verpasst",
  busy: "besetzt",
  canceled: "abgebrochen",
  cancelled: "abgebrochen",
};

/** German as it is written in a chart. */
export const de: Words = {
  tag: "de-DE",
  image: "Bild",
  voiceMessage: "Sprachnachricht",
  sound: "Tonaufnahme",
  video: "Video",
  document: "Dokument",
  sticker: "Sticker",
  attachment: "Anlage",
  absences: {
    late: "noch nicht abrufbar",
    missing: "nicht abrufbar",
    left_out: "nicht übernommen",
    quarantined: "zurückgehalten",
  },
  pdfTraits: {
    javascript: "enthält Skripte",
    launch: "will ein Programm starten",
    submit_form: "will Eingaben versenden",
    embedded_files: "enthält weitere Dateien",
    uri: "enthält Links",
    open_action: "tut etwas beim Öffnen",
    additional_actions: "tut etwas beim Blättern oder Ausfüllen",
    encrypted: "verschlüsselt, ungeprüft, vielleicht nur mit Kennwort zu öffnen",
  },
  location: (latitude, longitude) => `Standort ${latitude}, ${longitude}`,
  contact: "Kontakt",
  cardLabels: {
    organisation: "Organisation",
    department: "Abteilung",
    title: "Funktion",
    birthday: "Geburtstag",
    phone: "Telefon",
    email: "E-Mail",
    address: "Anschrift",
    url: "Web",
    messenger: "Messenger",
    note: "Bemerkung",
  },
  cardTypes: {
    work: "dienstlich",
    home: "privat",
    cell: "mobil",
    mobile: "mobil",
    main: "Zentrale",
    fax: "Fax",
    pager: "Funkruf",
    other: "sonstige",
  },
  choice: "Auswahl",
  callPermission: ({ response, until, permanent }) => {
    const said = { accept: "Anrufe erlaubt", reject: "Anrufe abgelehnt" }[response] ?? `Anrufe: ${response}`;
    if (response === "reject") return said;
    return permanent ? `${said}, dauerhaft` : until === undefined ? said : `${said} bis ${moment(until)}`;
  },
  reaction: "Reaktion",
  reactionTakenBack: "Reaktion zurückgenommen",
  order: "Bestellung",
  notes: {
    welcome_requested: "Unterhaltung geöffnet",
    number_changed: "Rufnummer gewechselt",
    user_id_changed: "Benutzerkennung gewechselt",
    identity_changed: "Sicherheitsnummer geändert",
    group_changed: "Gruppe geändert",
    other: "Hinweis",
  },
  groupChanges: {
    group_create: "angelegt",
    group_delete: "gelöscht",
    group_join_request_created: "Beitritt angefragt",
    group_join_request_revoked: "Anfrage zum Beitritt zurückgenommen",
    group_participants_add: "Teilnehmer hinzugefügt",
    group_participants_remove: "Teilnehmer entfernt",
    group_settings_update: "Einstellungen geändert",
    group_suspend: "gesperrt",
    group_suspend_cleared: "Sperre aufgehoben",
    group_unsuspend: "Sperre aufgehoben",
  },
  edited: "Bearbeitet",
  revoked: "Vom Absender gelöscht",
  call: ({ direction, event, outcome, durationSeconds }) => {
    const whose = direction === "incoming" ? "Anruf" : "Anruf der Klinik";
    const failed = direction === "incoming" ? "verpasst, nicht zustande gekommen" : "nicht zustande gekommen";
    const became = outcome === "failed" ? failed : outcome && (CALL_OUTCOMES[outcome] ?? `beendet, ${outcome}`);
    const line = `${whose}: ${became ?? CALL_EVENTS[event] ?? event}`;
    return durationSeconds === undefined ? line : `${line}, ${durationSeconds} s`;
  },
  unreadable: (what) => `Nicht darstellbare Nachricht: ${what}`,

  earlier: "Aus dem Verlauf vor dem Anschluss",
  inGroup: "In einer Gruppe geschrieben",
  forwarded: { once: "Weitergeleitet", often: "Häufig weitergeleitet" },
  aboutProduct: (product) => `Zu Produkt ${product}`,
  also: (said) => `Weitere Angabe der Nachricht: ${said}`,
  fromAdvertisement: "Über eine Anzeige",
  choiceId: (id) => `Kennung der Auswahl: ${id}`,

  hospital: "Krankenhaus",
  clinic: "Klinik",
  writtenBy: (who) => `Von ${who}`,
  writtenTo: (who) => `Von der Klinik an ${who}`,
  writers: {
    guardian: {
      name: "sorgeberechtigte Person",
      wrote: "Von einer sorgeberechtigten Person, nicht von der Patientin oder dem Patienten selbst",
      reached: "An eine sorgeberechtigte Person, nicht an die Patientin oder den Patienten selbst",
    },
    proxy: {
      name: "bevollmächtigte oder betreuende Person",
      wrote: "Von einer bevollmächtigten oder betreuenden Person, nicht von der Patientin oder dem Patienten selbst",
      reached: "An eine bevollmächtigte oder betreuende Person, nicht an die Patientin oder den Patienten selbst",
    },
  },

  pictureReduced: (limit, original) => `Bild verkleinert auf höchstens ${limit}; Original ${original}`,
  pictureUnreadable: "Bild nicht darstellbar",
  notEmbedded: (original, url) => `Anlage nicht eingebettet: ${original}; ${url}`,
  notInDocument: (what) => `Anlage nicht im Dokument: ${what}`,
  aboutEarlierMessage: "Zu einer früheren Nachricht",
  aboutMessageAt: (when) => `Zu der Nachricht vom ${when}`,
  aboutMessageOf: (time) => `Zu der Nachricht von ${time}`,
  aboutMessageElsewhere: "Zu einer Nachricht, die nicht in diesem Dokument steht",
  moreElsewhere: (count) =>
    count === 1
      ? "1 weitere Nachricht dieses Tages steht in einem anderen Dokument"
      : `${count} weitere Nachrichten dieses Tages stehen in anderen Dokumenten`,
  afterThatDay: "Nach diesem Tag eingegangen; frühere Nachrichten des Tages können in anderen Dokumenten stehen",

  tooLargeForChart: (what) => `Anlage zu groß für diese Akte, sie ist nicht in ihr: ${what}`,
  tooLarge: (what, where) =>
    `Anlage zu groß für dieses Dokument: ${what}${where === undefined ? "" : `; Original in der FHIR-Akte unter ${where}`}`,
  addsTo: (number) => `Nachtrag zu Dokument ${number}`,

  reasons: {
    addendum: "Anlage nachgereicht",
    wrongChart: "Falsche Akte",
    anotherMessage: "Weitere Nachricht des Tages",
    edited: "Vom Absender bearbeitet",
    revoked: "Vom Absender gelöscht",
  },
  facts: {
    patient: "Patient",
    born: "Geboren",
    patientNumber: "Patientennr.",
    caseNumber: "Fallnummer",
    sender: "Absender",
    recipient: "An",
    sent: "Gesendet",
    aboutDocument: "Zu Dokument",
    conversation: "Unterhaltung",
    day: "Tag",
    state: "Stand",
    versionBefore: "Vorversion",
  },
  messageOver: (source) => `Nachricht über ${source}`,
  dayOver: (source) => `Unterhaltung eines Tages über ${source}`,
  untitled: (source, date) => `${source} ${date}`,
  version: (number, time) => `Version ${number}, ${time}`,
  pageOfPages: "Seite {page} von {pages}",
  quoted: (name) => `„${name}“`,
  date: (date) => date.split("-").toReversed().join("."),
  time: (time) => `${time} Uhr`,
  size: (bytes) =>
    bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1).replace(".", ",")} MB`,
};

/** The engine's own instants have no zone to be shown in: UTC says so. */
function moment(instant: string): string {
  return `${instant.slice(0, 10).split("-").toReversed().join(".")}, ${instant.slice(11, 16)} UTC`;
}
