import type { MigrationInterface } from "typeorm";
import { Foundation1763920000000 } from "./1763920000000-foundation.ts";
import { Notices1763930000000 } from "./1763930000000-notices.ts";
import { MediaDeletion1763990100000 } from "./1763990100000-media-deletion.ts";
import { DirectoryFacts1764000000000 } from "./1764000000000-directory-facts.ts";
import { Contacts1764000100000 } from "./1764000100000-contacts.ts";
import { Withdrawals1764100000000 } from "./1764100000000-withdrawals.ts";
import { DayDocuments1764100100000 } from "./1764100100000-day-documents.ts";
import { ToPrepare1764100200000 } from "./1764100200000-to-prepare.ts";
import { KeysByMessage1764200000000 } from "./1764200000000-keys-by-message.ts";
import { SeenByUuid1764300000000 } from "./1764300000000-seen-by-uuid.ts";
import { AttachmentWaits1764400000000 } from "./1764400000000-attachment-waits.ts";
import { Filings1764410000000 } from "./1764410000000-filings.ts";
import { StoppedLanes1764410100000 } from "./1764410100000-stopped-lanes.ts";
import { NumberOwner1764430000000 } from "./1764430000000-number-owner.ts";
import { ContactMove1764450000000 } from "./1764450000000-contact-move.ts";
import { Access1764460000000 } from "./1764460000000-access.ts";
import { Console1764470000000 } from "./1764470000000-console.ts";
import { Alerts1764480000000 } from "./1764480000000-alerts.ts";
import { BreakGlass1764460100000 } from "./1764460100000-break-glass.ts";
import { TombstonesWithoutHashes1764490000000 } from "./1764490000000-tombstones-without-hashes.ts";
import { Suspicion1764500000000 } from "./1764500000000-suspicion.ts";
import { Clearing1764510000000 } from "./1764510000000-clearing.ts";
import { Held1764510100000 } from "./1764510100000-held.ts";
import { LinkTries1764510200000 } from "./1764510200000-link-tries.ts";
import { FoundErrors1764520000000 } from "./1764520000000-found-errors.ts";
import { DirectoryEnds1764520100000 } from "./1764520100000-directory-ends.ts";
import { WhatDestinationsSay1764530000000 } from "./1764530000000-what-destinations-say.ts";
import { Pauses1764550000000 } from "./1764550000000-pauses.ts";
import { LinkProposals1764640000000 } from "./1764640000000-link-proposals.ts";
import { JournalFeed1764630000000 } from "./1764630000000-journal-feed.ts";
import { TokenCertificates1764630100000 } from "./1764630100000-token-certificates.ts";

/** In the order they run. */
export const MIGRATIONS: (new () => MigrationInterface)[] = [
  Foundation1763920000000,
  Notices1763930000000,
  MediaDeletion1763990100000,
  DirectoryFacts1764000000000,
  Contacts1764000100000,
  Withdrawals1764100000000,
  DayDocuments1764100100000,
  ToPrepare1764100200000,
  KeysByMessage1764200000000,
  SeenByUuid1764300000000,
  AttachmentWaits1764400000000,
  Filings1764410000000,
  StoppedLanes1764410100000,
  NumberOwner1764430000000,
  ContactMove1764450000000,
  Access1764460000000,
  Console1764470000000,
  Alerts1764480000000,
  BreakGlass1764460100000,
  TombstonesWithoutHashes1764490000000,
  Suspicion1764500000000,
  Clearing1764510000000,
  Held1764510100000,
  LinkTries1764510200000,
  FoundErrors1764520000000,
  DirectoryEnds1764520100000,
  WhatDestinationsSay1764530000000,
  Pauses1764550000000,
  JournalFeed1764630000000,
  TokenCertificates1764630100000,
  LinkProposals1764640000000,
];
