import type { Words } from "./words.ts";

const CALL_EVENTS: Readonly<Record<string, string>> = {
  connect: "begun",
  accept: "accepted",
  reject: "rejected",
  missed: "missed",
  terminate: "ended",
};

const CALL_OUTCOMES: Readonly<Record<string, string>> = {
  completed: "ended",
  rejected: "rejected",
  declined: "rejected",
  missed: "missed",
  no_answer: "missed",
  unanswered: "missed",
  busy: "busy",
  canceled: "cancelled",
  cancelled: "cancelled",
};

/** English as it is written in a chart. */
export const en: Words = {
  tag: "en",
  image: "Picture",
  voiceMessage: "Voice message",
  sound: "Sound recording",
  video: "Video",
  document: "Document",
  sticker: "Sticker",
  attachment: "Attachment",
  absences: {
    late: "not available yet",
    missing: "not available",
    left_out: "left out",
    quarantined: "withheld",
  },
  pdfTraits: {
    javascript: "contains scripts",
    launch: "wants to start a program",
    submit_form: "wants to send what is typed into it",
    embedded_files: "contains other files",
    uri: "contains links",
    open_action: "does something when it is opened",
    additional_actions: "does something when it is read or filled in",
    encrypted: "encrypted, not checked, may need a password to open",
  },
  location: (latitude, longitude) => `Location ${latitude}, ${longitude}`,
  contact: "Contact",
  cardLabels: {
    organisation: "Organisation",
    department: "Department",
    title: "Job title",
    birthday: "Birthday",
    phone: "Phone",
    email: "E-mail",
    address: "Address",
    url: "Web",
    messenger: "Messenger",
    note: "Note",
  },
  cardTypes: {
    work: "work",
    home: "home",
    cell: "mobile",
    mobile: "mobile",
    main: "main",
    fax: "fax",
    pager: "pager",
    other: "other",
  },
  choice: "Choice",
  callPermission: ({ response, until, permanent }) => {
    const said = { accept: "Calls allowed", reject: "Calls refused" }[response] ?? `Calls: ${response}`;
    if (response === "reject") return said;
    return permanent ? `${said}, permanently` : until === undefined ? said : `${said} until ${moment(until)}`;
  },
  reaction: "Reaction",
  reactionTakenBack: "Reaction taken back",
  order: "Order",
  notes: {
    welcome_requested: "Conversation opened",
    number_changed: "Phone number changed",
    user_id_changed: "User id changed",
    identity_changed: "Security code changed",
    group_changed: "Group changed",
    other: "Notice",
  },
  groupChanges: {
    group_create: "created",
    group_delete: "deleted",
    group_join_request_created: "asked to join",
    group_join_request_revoked: "request to join taken back",
    group_participants_add: "participants added",
    group_participants_remove: "participants removed",
    group_settings_update: "settings changed",
    group_suspend: "suspended",
    group_suspend_cleared: "no longer suspended",
    group_unsuspend: "no longer suspended",
  },
  edited: "Edited",
  revoked: "Deleted by the sender",
  call: ({ direction, event, outcome, durationSeconds }) => {
    const whose = direction === "incoming" ? "Call" : "Call by the hospital";
    const failed = direction === "incoming" ? "missed, not connected" : "not connected";
    const became = outcome === "failed" ? failed : outcome && (CALL_OUTCOMES[outcome] ?? `ended, ${outcome}`);
    const line = `${whose}: ${became ?? CALL_EVENTS[event] ?? event}`;
    return durationSeconds === undefined ? line : `${line}, ${durationSeconds} s`;
  },
  unreadable: (what) => `Message that cannot be shown: ${what}`,

  earlier: "From the history before the connection",
  inGroup: "Written in a group",
  forwarded: { once: "Forwarded", often: "Forwarded many times" },
  aboutProduct: (product) => `About product ${product}`,
  also: (said) => `The message also says: ${said}`,
  fromAdvertisement: "From an advertisement",
  choiceId: (id) => `Id of the choice: ${id}`,

  hospital: "Hospital",
  clinic: "Hospital",
  writtenBy: (who) => `From ${who}`,
  writtenTo: (who) => `From the hospital to ${who}`,
  writers: {
    guardian: {
      name: "guardian",
      wrote: "From a guardian, not from the patient",
      reached: "To a guardian, not to the patient",
    },
    proxy: {
      name: "proxy",
      wrote: "From a proxy, not from the patient",
      reached: "To a proxy, not to the patient",
    },
  },

  pictureReduced: (limit, original) => `Picture reduced to at most ${limit}; original ${original}`,
  pictureUnreadable: "Picture cannot be shown",
  notEmbedded: (original, url) => `Attachment not embedded: ${original}; ${url}`,
  notInDocument: (what) => `Attachment not in the document: ${what}`,
  aboutEarlierMessage: "About an earlier message",
  aboutMessageAt: (when) => `About the message of ${when}`,
  aboutMessageOf: (time) => `About the message of ${time}`,
  aboutMessageElsewhere: "About a message that is not in this document",
  moreElsewhere: (count) =>
    count === 1
      ? "1 more message of this day is in another document"
      : `${count} more messages of this day are in other documents`,
  afterThatDay: "Arrived after that day; earlier messages of the day may be in other documents",

  tooLargeForChart: (what) => `Attachment too large for this chart, it is not in it: ${what}`,
  tooLarge: (what, where) =>
    `Attachment too large for this document: ${what}${where === undefined ? "" : `; original in the FHIR chart under ${where}`}`,
  addsTo: (number) => `Addendum to document ${number}`,

  reasons: {
    addendum: "Attachment came later",
    wrongChart: "Wrong chart",
    anotherMessage: "Another message of the day",
    edited: "Edited by the sender",
    revoked: "Deleted by the sender",
  },
  facts: {
    patient: "Patient",
    born: "Born",
    patientNumber: "Patient no.",
    caseNumber: "Case no.",
    sender: "From",
    recipient: "To",
    sent: "Sent",
    aboutDocument: "About document",
    conversation: "Conversation",
    day: "Day",
    state: "As of",
    versionBefore: "Version before",
  },
  messageOver: (source) => `Message by ${source}`,
  dayOver: (source) => `A day's conversation by ${source}`,
  untitled: (source, date) => `${source} ${date}`,
  version: (number, time) => `version ${number}, ${time}`,
  pageOfPages: "page {page} of {pages}",
  quoted: (name) => `“${name}”`,
  date: (date) => date,
  time: (time) => time,
  size: (bytes) => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`),
};

/** The engine's own instants have no zone to be shown in: UTC says so. */
function moment(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
