/**
 * Whether a server shows the text that was sent. Servers may trim strings and write line ends their own way, which no reader
 * sees: white space at the very beginning and end does not count, and CR LF, CR and LF are one line end. Everything else
 * counts, white space inside the text too.
 */
export function isSameText(sent: unknown, shown: unknown): boolean {
  return typeof sent === "string" && typeof shown === "string" && plain(sent) === plain(shown);
}

function plain(text: string): string {
  return text.replace(/\r\n?/g, "\n").trim();
}
