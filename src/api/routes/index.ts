import type { RouteDescription } from "../route.ts";
import { WEBHOOKS } from "../webhooks/description.ts";
import { freezeBulk, showBulk, startBulk, stopBulk } from "./bulk.ts";
import { viewAttachment } from "./attachments.ts";
import { acknowledgeAlert, addSilence, endSilence, listAlerts, listSilences } from "./alerts.ts";
import { listChannels, pauseChannel, resumeChannel } from "./channels.ts";
import {
  approveClearing,
  assignClearing,
  declineClearing,
  listClearing,
  matchClearing,
  rejectClearing,
  showClearing,
  unlockClearing,
  wantClearing,
} from "./clearing.ts";
import { showCoverage } from "./coverage.ts";
import { listDirectoryConflicts, showDirectory } from "./directory.ts";
import { listCertificates, listEngines } from "./engines.ts";
import { listErrors } from "./errors.ts";
import { resendDelivery, skipDelivery } from "./deliveries.ts";
import { askContent, grantContent, listContent } from "./content-grants.ts";
import { healthz, metrics, readyz } from "./health.ts";
import { exportJournal, readJournal } from "./journal.ts";
import { me } from "./me.ts";
import { listSigningKeys } from "./keys.ts";
import { explainStuckLane, listLanes, parkLane, tryLane, unparkLane } from "./lanes.ts";
import {
  approveLink,
  challengeLink,
  declineLink,
  endLink,
  findLinks,
  issueCode,
  listWaitingLinks,
  lowerLink,
  redeemClearing,
  verifyLink,
} from "./links.ts";
import { followLive } from "./live.ts";
import { findMessages } from "./find.ts";
import { listMessages, reprocessMessage, showMessage } from "./messages.ts";
import { listNotices, listStatuses, showNotice } from "./notices.ts";
import { showOverview } from "./overview.ts";
import { listPurges } from "./purges.ts";
import { listRehomings } from "./rehomings.ts";
import { placeholder } from "./placeholder.ts";
import { releaseMessage } from "./release.ts";
import { endOwnSessions, endSession, listSessions } from "./sessions.ts";
import { backChannelLogout, beginSignIn, finishSignIn, listProviders, signInByBreakGlass, signOut } from "./sign-in.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";
import { withdrawMessage } from "./withdraw.ts";

/** Every route there is; a new one is a declaration and a line here. */
export const ROUTES = [
  listMessages,
  findMessages,
  showMessage,
  viewAttachment,
  reprocessMessage,
  releaseMessage,
  placeholder,
  withdrawMessage,
  freezeBulk,
  showBulk,
  startBulk,
  stopBulk,
  listClearing,
  showClearing,
  matchClearing,
  assignClearing,
  approveClearing,
  declineClearing,
  rejectClearing,
  wantClearing,
  unlockClearing,
  redeemClearing,
  issueCode,
  findLinks,
  listWaitingLinks,
  approveLink,
  declineLink,
  lowerLink,
  endLink,
  verifyLink,
  challengeLink,
  listLanes,
  explainStuckLane,
  tryLane,
  parkLane,
  unparkLane,
  skipDelivery,
  resendDelivery,
  askContent,
  listContent,
  grantContent,
  listNotices,
  showNotice,
  listStatuses,
  showOverview,
  listChannels,
  pauseChannel,
  resumeChannel,
  listEngines,
  listCertificates,
  listErrors,
  followLive,
  listPurges,
  listSigningKeys,
  showCoverage,
  listAlerts,
  acknowledgeAlert,
  listSilences,
  addSilence,
  endSilence,
  showDirectory,
  listDirectoryConflicts,
  listRehomings,
  me,
  listProviders,
  beginSignIn,
  finishSignIn,
  signInByBreakGlass,
  signOut,
  backChannelLogout,
  listSessions,
  endSession,
  endOwnSessions,
  readJournal,
  exportJournal,
  listTokens,
  createToken,
  revokeToken,
  healthz,
  readyz,
  metrics,
] as const;

/** Every route by its operationId, for clients that infer what it takes and answers. */
export type Routes = { readonly [R in (typeof ROUTES)[number] as R["operationId"]]: R };

/** What the description tells of: the routes and the webhooks. */
export const DESCRIBED: readonly RouteDescription[] = [...WEBHOOKS, ...ROUTES];
