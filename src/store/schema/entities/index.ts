import { BulkEntity, BulkItemEntity, EngineEntity } from "./console.ts";
import { AlertEntity, AlertTellingEntity, SilenceEntity } from "./alert.ts";
import { ContactEntity, ContactMoveEntity, NumberLeftEntity } from "./contact.ts";
import {
  AccessLogoutEntity,
  AccessSessionEntity,
  AccessTokenEntity,
  BreakGlassEntity,
  ContentGrantEntity,
} from "./access.ts";
import { ClearingMissEntity, ClearingProofEntity, ClearingTaskEntity } from "./clearing.ts";
import { DeliveryEntity, LaneEntity } from "./delivery.ts";
import {
  EncounterEntity,
  NumberOwnerEntity,
  PatientEntity,
  PatientIdentifierEntity,
  PatientLookupEntity,
  PatientPhoneEntity,
} from "./directory.ts";
import {
  EpochEntity,
  JournalEntity,
  JournalFeedEntity,
  PurgeEntity,
  RehomingEntity,
  SeenEntity,
  TombstoneEntity,
} from "./lasting.ts";
import { ChannelPauseEntity } from "./pause.ts";
import { PatientLinkEntity, VerificationCodeEntity } from "./link.ts";
import { AttachmentEntity, AttachmentWaitEntity, EventEntity, MediaDeletionEntity, MessageEntity } from "./message.ts";
import { NoticeEntity, OutboundStatusEntity } from "./notice.ts";

/** Every table, so that the drift test can compare the migrations with what the code believes. */
export const ENTITIES = [
  EventEntity,
  MessageEntity,
  AttachmentEntity,
  AttachmentWaitEntity,
  MediaDeletionEntity,
  DeliveryEntity,
  NoticeEntity,
  OutboundStatusEntity,
  ContactEntity,
  ContactMoveEntity,
  NumberLeftEntity,
  LaneEntity,
  EpochEntity,
  SeenEntity,
  TombstoneEntity,
  PurgeEntity,
  JournalEntity,
  JournalFeedEntity,
  PatientEntity,
  PatientIdentifierEntity,
  PatientPhoneEntity,
  NumberOwnerEntity,
  EncounterEntity,
  PatientLookupEntity,
  RehomingEntity,
  AccessTokenEntity,
  AccessSessionEntity,
  AccessLogoutEntity,
  EngineEntity,
  BulkEntity,
  BulkItemEntity,
  AlertEntity,
  AlertTellingEntity,
  SilenceEntity,
  ChannelPauseEntity,
  BreakGlassEntity,
  ContentGrantEntity,
  PatientLinkEntity,
  VerificationCodeEntity,
  ClearingTaskEntity,
  ClearingMissEntity,
  ClearingProofEntity,
];
