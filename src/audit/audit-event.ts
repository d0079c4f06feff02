import { deriveUuid } from "#src/message/id.ts";
import type { JournalRow } from "#src/store/sql/journal.ts";
import type { Who } from "./journal.ts";

const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type";
const OBJECT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role";
const ENGINE_ACTION = "urn:botenstoff:journal-action";

/** FHIR's one letter for what was done: create, read, update, delete, execute. */
const ACTIONS: Readonly<Record<string, string>> = {
  "content.read": "R",
  "journal.read": "R",
  "messages.searched": "E",
  "token.created": "C",
  "token.revoked": "D",
  "session.begun": "E",
  "session.ended": "E",
  "message.withdrawn": "U",
  "epoch.purged": "D",
  "key.destroyed": "D",
};

/** A line of the journal as an AuditEvent (R4, in the shape of IHE Basic Audit Log Patterns). */
export function auditEventOf(row: JournalRow, who: Who | null) {
  return {
    resourceType: "AuditEvent",
    id: deriveUuid("audit-event", row.hash.toString("hex")),
    type: row.action.startsWith("session.")
      ? { system: DCM, code: "110114", display: "User Authentication" }
      : { system: EVENT_TYPE, code: "rest", display: "Restful Operation" },
    subtype: [{ system: ENGINE_ACTION, code: row.action }],
    action: ACTIONS[row.action] ?? "U",
    recorded: row.at.toISOString(),
    outcome: "0",
    agent: [
      {
        type: { coding: [{ system: DCM, code: "110153", display: "Source Role ID" }] },
        role: (who?.roles ?? []).map((role) => ({ coding: [{ system: "urn:botenstoff:role", code: role }] })),
        who: {
          identifier: {
            system: `urn:botenstoff:provider:${who?.provider ?? "engine"}`,
            value: who?.subject ?? row.actor,
          },
        },
        altId: row.actor,
        ...(who?.name != null && { name: who.name }),
        requestor: true,
        ...(who?.address != null && { network: { address: who.address, type: "2" } }),
      },
    ],
    source: {
      observer: { display: "Botenstoff" },
      type: [{ system: SOURCE_TYPE, code: "4", display: "Application Server" }],
    },
    entity: [
      {
        what: { identifier: { system: "urn:botenstoff:subject", value: row.subject } },
        type: { system: OBJECT_TYPE, code: "2", display: "System Object" },
        role: { system: OBJECT_ROLE, code: "4", display: "Domain Resource" },
        detail: [
          ...Object.entries(row.detail).map(([type, value]) => ({ type, valueString: String(value) })),
          { type: "seq", valueString: String(row.seq) },
          { type: "hash", valueString: row.hash.toString("hex") },
        ],
      },
    ],
  };
}
