/** The address of a business number among all sources, by its phone number ID. */
export function addressOf(phoneNumberId: string): string {
  return `whatsapp:${phoneNumberId}`;
}
