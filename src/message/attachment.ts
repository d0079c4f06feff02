import { blobId } from "./id.ts";

/**
 * What happened to an attachment's bytes. `quarantined`: they failed a check and wait, sealed, for a person; `gone`:
 * there are none; `released`: a person let quarantined bytes go on as they are. `late`: the message went on without it, it
 * is still asked for; `missing`: it never came; `left_out`: a person let the message go on without what was refused.
 */
export type Verdict = "pending" | "clean" | "quarantined" | "gone" | "released" | "late" | "missing" | "left_out";

/** In place of such an attachment the chart shows a line; a late one that is refused has the message filed already. */
const ABSENT = ["late", "missing", "left_out", "quarantined"] as const satisfies readonly Verdict[];
export type Absence = (typeof ABSENT)[number];

/** Why the chart shows a line in place of the attachment; undefined where it is there, or its message is not complete. */
export function absence({ verdict }: Pick<Attachment, "verdict">): Absence | undefined {
  return ABSENT.find((one) => one === verdict);
}

/** What the source announced about bytes that are still to be fetched. */
export interface AttachmentReference {
  /** Media id at the source. */
  readonly mediaId: string;
  /** Address announced with the message; may be missing or expired. */
  readonly url?: string;
  /** MIME type the sender claims; a hint, never trusted. */
  readonly declaredType?: string;
  /** Announced SHA-256, lower-case hex; absent when none or not well-formed. */
  readonly announcedSha256?: string;
  /** Name chosen by the sender; untrusted, shown only. */
  readonly fileName?: string;
}

/** What a PDF may have in it beside pages. */
export const PDF_TRAITS = [
  "javascript",
  "launch",
  "submit_form",
  "embedded_files",
  "uri",
  "open_action",
  "additional_actions",
  "encrypted",
] as const;
export type PdfTrait = (typeof PDF_TRAITS)[number];

/** What becomes of a PDF with such a trait: held for a person, filed with a line that says so, or filed. */
export type PdfPolicy = Readonly<Record<PdfTrait, "hold" | "note" | "allow">>;

/** What is known once the bytes lie sealed in the blob store: of the bytes that are filed. */
export interface StoredContent {
  /** Lower-case hex of the plain bytes. */
  readonly sha256: string;
  /** Lower-case hex; FHIR R4 Attachment.hash is SHA-1 by definition. */
  readonly sha1: string;
  readonly bytes: number;
  /** Sniffed MIME type. */
  readonly type: string;
  /** What the reader of a PDF is told about it. */
  readonly remarks?: readonly PdfTrait[];
  /** The bytes as fetched, where taking out their metadata changed them: what the source's announced hash is about. */
  readonly original?: { readonly sha256: string; readonly bytes: number };
  /** The same as a JPEG, to be filed beside it: many charts cannot show what it is. */
  readonly rendition?: Omit<StoredContent, "original" | "preview" | "rendition" | "remarks">;
  /** A small rendering for people to look at; never filed. */
  readonly preview?: Preview;
}

export interface Preview {
  readonly bytes: number;
  readonly type: string;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
}

/** Bytes belonging to a message. */
export interface Attachment {
  readonly id: string;
  readonly ordinal: number;
  readonly reference: AttachmentReference;
  readonly verdict: Verdict;
  /** Present when verdict is `clean` or `released`, and when `quarantined` bytes could be fetched. */
  readonly stored?: StoredContent;
}

/** What may be filed of an attachment: it was found clean, or a person released it. */
export function fileable({ verdict, stored }: Pick<Attachment, "verdict" | "stored">): StoredContent | undefined {
  return verdict === "clean" || verdict === "released" ? stored : undefined;
}

/** Everything that is filed of an attachment, each as one of its own: what every chart can show goes first. */
export function filedParts(attachment: Attachment): readonly Attachment[] {
  const { rendition } = fileable(attachment) ?? {};
  if (!rendition) return [attachment];
  const { fileName } = attachment.reference;
  const reference = { ...attachment.reference, ...(fileName !== undefined && { fileName: `${fileName}.jpg` }) };
  return [{ ...attachment, id: blobId(attachment.id, "rendition"), reference, stored: rendition }, attachment];
}
