export interface MetricEntry {
  readonly help: string;
  /** Ids of channels, destinations and connectors, states and codes only. */
  readonly labels: readonly string[];
}

/** The closed list of counters: `botenstoff_<name>_total`. */
export const COUNTERS = {
  webhook_requests: metric("Answers to webhook requests.", ["channel", "status"]),
  signature_failures: metric("Webhook requests whose signature did not hold.", ["channel"]),
  certificate_failures: metric("Webhook requests without the client certificate the channel names.", ["channel"]),
  attachments_refused: metric("Attachments that quarantined their message, by error code.", ["channel", "code"]),
  attachments_late: metric("Attachments whose message went on without them.", ["channel"]),
  late_attachments: metric("What became of late attachments.", ["channel", "outcome"]),
  delivery_attempt_failed: metric("Failed attempts, by error code.", ["channel", "destination", "code"]),
  delivery_accepted: metric("Accepted attempts.", ["channel", "destination"]),
  source_events: metric("What sources count.", ["channel", "event"]),
  destination_events: metric("What connectors count.", ["channel", "destination", "event"]),
  outbound_statuses: metric("Statuses of sent messages, each counted once.", ["channel", "status"]),
  outbound_failures: metric("Sent messages that failed, by the provider's code.", ["channel", "code"]),
  operator_events: metric("What providers told operators.", ["channel", "field", "level"]),
  media_deletions: metric("Deletions of attachments at the provider.", ["channel", "outcome"]),
  messages_restricted: metric("Messages that outlived their limit undecided.", ["channel"]),
  messages_set_aside: metric("What had killed or frozen the engine twice, or failed each time for what is in it.", [
    "channel",
    "stage",
  ]),
  lanes_reopened: metric("Lanes that were lost: a fault of the engine.", ["channel", "stage"]),
  database_clock_set_back: metric("Steps back of PostgreSQL's clock.", []),
  purged_messages: metric("Messages destroyed on schedule.", []),
} as const satisfies Record<string, MetricEntry>;

/** The closed list of gauges whose values their owners keep: `botenstoff_<name>`. */
export const GAUGES = {
  retention_behind_seconds: metric("How far retention's clock is behind, for safety.", []),
  purge_overdue_seconds: metric("For how long an epoch has been due and could not be destroyed; 0 while none is.", []),
  build_info: metric("Which engine this is; always 1.", ["version", "node"]),
  destination_up: metric("1 while the destination answers; 0 since it does not.", ["channel", "destination"]),
  lookup_up: metric("1 while a channel's look-up of patients answers; 0 since it does not.", ["channel"]),
  channel_refused: metric("1 while the newest version of a channel's file does not run.", ["channel"]),
  channel_paused: metric("1 while a person has paused the channel.", ["channel"]),
  disk_free_bytes: metric("Free bytes on the volume of the data directory.", []),
  alerts_open: metric("Open alerts.", ["severity"]),
  certificate_expires_seconds: metric("How long a certificate is still valid.", [
    "channel",
    "connector",
    "certificate",
  ]),
  backup_age_seconds: metric("How long ago the backup last touched BOTENSTOFF_BACKUP_MARKER_FILE.", []),
  restriction_due_seconds: metric("How long until the next undecided message outlives its channel's limit.", []),
  token_expires_seconds: metric("How long the machine token is still valid that ends first.", []),
  journal_behind_seconds: metric("How long the oldest line of the journal has waited for the syslog receiver.", []),
  break_glass_open: metric("Break-glass accounts that are open: alarm while it is not 0.", []),
} as const satisfies Record<string, MetricEntry>;

/** The closed list of gauges that are read from the store at a scrape: `botenstoff_<name>`. */
export const STORE_GAUGES = {
  store_up: metric("Whether the store answered the last look.", []),
  messages: metric("Messages, purged ones included.", ["channel", "state"]),
  queue_open: metric("What waits at a stage.", ["channel", "stage"]),
  queue_age_seconds: metric("How long the oldest lane at a stage has been open.", ["channel", "stage"]),
  lanes: metric("Open lanes.", ["channel", "stage"]),
  lanes_parked: metric("Lanes that wait for a person.", ["channel", "stage"]),
  unconfirmed_age_seconds: metric("How long ago the oldest delivery was accepted that is not shown yet.", [
    "channel",
    "destination",
  ]),
  directory_empty: metric("1 while no patient is known, and so nobody's messages lead anywhere.", []),
  oldest_unfiled_seconds: metric("Age of the oldest message neither filed nor filtered.", []),
  clearing_tasks: metric("What is held and waits for people, by how far it is.", ["channel", "state"]),
  clearing_overdue_seconds: metric("For how long the first clearing task has been overdue; 0 while none is.", [
    "channel",
  ]),
  clearing_escalated: metric("Clearing tasks that nobody has decided by when somebody else is told.", ["channel"]),
  attachments_awaited: metric("Attachments that could not be fetched: waiting, late, refused, told.", [
    "channel",
    "state",
  ]),
  rehomings: metric("Messages filed before their patient or case changed.", ["channel", "kind"]),
} as const satisfies Record<string, MetricEntry>;

export type CounterName = keyof typeof COUNTERS;
export type GaugeName = keyof typeof GAUGES;

/** The labels of a metric, each with a value. */
export type LabelsOf<N extends CounterName | GaugeName> = Readonly<
  Record<
    (N extends CounterName ? (typeof COUNTERS)[N] : N extends GaugeName ? (typeof GAUGES)[N] : never)["labels"][number],
    string
  >
>;

/** The gauges a connector may offer; the engine adds channel and connector. */
export type ConnectorGauge = "certificate_expires_seconds";
export type ConnectorLabels = Omit<LabelsOf<ConnectorGauge>, "channel" | "connector">;

function metric<const L extends readonly string[]>(help: string, labels: L) {
  return { help, labels } as const;
}
