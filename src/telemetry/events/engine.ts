import { event, type EventEntry } from "./entry.ts";

/** The engine itself: start, stop, files, keys, HTTP. */
export const ENGINE_EVENTS = {
  "engine.started": event(["info"], "The engine takes messages."),
  "engine.draining": event(["info"], "The engine finishes what it has begun and takes nothing new."),
  "engine.stopping": event(["info"], "The engine was asked to stop."),
  "engine.frozen": event(
    ["error"],
    "The engine stood still for longer than `BOTENSTOFF_FROZEN_AFTER` and ended itself, to be started again.",
    "If it repeats: what froze it twice is set aside (WORK_STOPS_ENGINE); report that.",
  ),
  "engine.stopped": event(["info"], "The engine has stopped; nothing is under way."),
  "engine.stop_not_journaled": event(
    ["error"],
    "The stop could not be written to the journal.",
    "Check PostgreSQL; the next start is journaled again.",
  ),
  "store.ahead": event(
    ["warn"],
    "A newer version has prepared the database; this one can still work with it.",
    "None while an update is under way; else finish the update (docs/upgrade.md).",
  ),
  "store.setting": event(
    ["warn"],
    "PostgreSQL has a setting that puts acknowledged messages at risk or costs speed.",
    "Change the setting the line names.",
  ),
  "channels.unreadable": event(
    ["error"],
    "The channel files could not be read; what is deployed goes on.",
    "Check the folder the line names and its rights.",
  ),
  "channel.deployed": event(["info"], "A channel runs, or runs in its new form."),
  "channel.removed": event(
    ["warn"],
    "A channel's file is gone; the channel is stopped and its webhook unknown.",
    "Put the file back if that was not meant. What it has taken in stays.",
  ),
  "channel.paused": event(
    ["warn"],
    "A person has paused a channel: it takes messages in, and neither prepares nor sends any.",
    "None: it goes on when the pause ends, or when somebody says so.",
  ),
  "channel.resumed": event(["info"], "A paused channel goes on."),
  "pauses.unread": event(
    ["warn"],
    "Which channels are paused could not be read; it stays as it was, and is read again within a second.",
    "Check PostgreSQL.",
  ),
  "channel.refusal_over": event(["info"], "A channel that was refused is as it runs again, or its file is gone."),
  "access.refused": event(
    ["warn"],
    "Somebody asks with a wrong or ended token or session; told once until nobody has for five minutes.",
    "Look for a client with an old token; many are a guess.",
  ),
  "access.refusals_over": event(["info"], "Nobody has asked with a wrong credential for five minutes."),
  "webhook.rejected": event(
    ["warn"],
    "Webhooks are refused: signature or certificate is not the provider's; told once until there was none for five minutes.",
    "Compare app_secret with the provider's; where it is right, somebody else posts to the address.",
  ),
  "webhook.rejections_over": event(["info"], "No webhook was refused for five minutes."),
  "channel.refused": event(
    ["error"],
    "A channel file has problems; the channel runs as before, or not at all.",
    "Correct the file: `botenstoff lint` names line and column.",
  ),
  "access.sign_in_refused": event(
    ["warn"],
    "Somebody came back from an identity provider and could not be signed in.",
    "One is a person who took too long. Many: compare config/access.yaml with the provider's settings.",
  ),
  "access.break_glass_used": event(
    ["warn"],
    "Somebody signed in with a break-glass account.",
    "Ask who it was and why; the journal names the account. Close it when the outage is over.",
  ),
  "access.break_glass_refused": event(
    ["warn"],
    "A sign-in with a break-glass account was refused.",
    "Many: somebody tries; look where from.",
  ),
  "journal.not_sent": event(
    ["warn"],
    "The syslog receiver does not take the journal; told once, until it does.",
    "Check the receiver and its certificate; the lines wait in the journal and follow by themselves.",
  ),
  "journal.sent_again": event(["info"], "The syslog receiver takes the journal again."),
  "access.sweep_failed": event(
    ["warn"],
    "Sessions past their limits and old names could not be forgotten; it is tried again within a minute.",
    "Check PostgreSQL.",
  ),
  "tls.reloaded": event(["info"], "Renewed TLS files are in use."),
  "tls.reload_refused": event(
    ["warn", "error"],
    "Renewed TLS files cannot be used; the old ones stay.",
    "Correct the files; they are read again by themselves.",
  ),
  "tls.certificate_expires": event(
    ["warn"],
    "A certificate ends within days.",
    "Renew it; the file is read again by itself.",
  ),
  "http.failed": event(
    ["error"],
    "A request failed for a reason of the engine itself.",
    "Look for what else is logged at this time; report it if nothing is.",
  ),
  "webhook.no_room": event(
    ["error"],
    "Webhooks wait for more memory than there is; the provider is asked to come again.",
    "Find out why PostgreSQL is slow.",
  ),
  "webhook.late": event(
    ["error"],
    "A webhook waited too long for the store; the provider is asked to come again.",
    "Find out why PostgreSQL is slow.",
  ),
  "webhook.not_stored": event(
    ["error"],
    "A webhook could not be stored; the provider was answered 503 and comes again.",
    "Check PostgreSQL and the disk.",
  ),
  "clock.look_failed": event(
    ["warn"],
    "PostgreSQL's clock could not be compared.",
    "None unless it repeats; then check PostgreSQL.",
  ),
  "clock.database_set_back": event(
    ["warn"],
    "PostgreSQL's clock was set back; what would have waited was brought forward.",
    "Check time synchronisation on its host.",
  ),
  "engine.not_reported": event(
    ["warn"],
    "This engine could not tell the others how it is; consoles show it as silent.",
    "None unless it lasts; then check PostgreSQL.",
  ),
  "web.not_loaded": event(
    ["error"],
    "The pages could not be read or compiled; the API works without them.",
    "Make them with `npm run web:build` where no compiler is installed.",
  ),
  "bulk.interrupted": event(
    ["warn"],
    "A decision about many messages broke off; what was decided stays.",
    "Begin it again in the console once PostgreSQL answers.",
  ),
  "alerts.refused": event(
    ["error"],
    "The alerts file has problems; the rules of before stay in force, or none.",
    "Correct the file: `botenstoff lint` names line and column.",
  ),
  "alerts.round_failed": event(
    ["warn"],
    "The alerts could not be looked at; it is tried again in 15 s.",
    "Check PostgreSQL if it repeats.",
  ),
  "alert.opened": event(["warn"], "An alert opened.", "What the alert's remedy says."),
  "alert.closed": event(["info"], "What an alert was about is over."),
  "alert.escalated": event(
    ["warn"],
    "Nobody took an alert in time.",
    "Take it: `POST /api/v1/alerts/<id>/acknowledge`.",
  ),
  "alert.not_told": event(
    ["error"],
    "A target of the alerts could not be told; tried again every minute, for an hour.",
    "Check the mail server or the address of the webhook.",
  ),
} as const satisfies Record<string, EventEntry>;
