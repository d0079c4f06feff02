/** A channel identity: who wrote. Not a patient. Either member may be missing (WhatsApp user names, 2026). */
export interface Contact {
  /** Phone number in E.164 digits without "+", as WhatsApp sends it ("4915112345678"). */
  readonly phone?: string;
  /** Business-scoped user id ("DE.13491208655302741918"). */
  readonly userId?: string;
  /** Profile name the sender chose; never used to identify. */
  readonly displayName?: string;
}

/** What a source reports about a contact itself. */
export interface ContactNews {
  /** Fingerprint of the contact's encryption keys; it changes with a new phone or a new owner of the number. */
  readonly keyHash?: string;
  /** The source's own word that the contact, known so far by the first ids, is known by the second from now on. */
  readonly changed?: { readonly from: Contact; readonly to: Contact };
}
