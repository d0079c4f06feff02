/** The code of what asks for a fresh proof of who it is. */
export const STEP_UP = "step-up";

/** What an API says when it does not do what it was asked (RFC 9457), or what the browser knows of a lost connection. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What was asked for. */
  readonly href: string;

  constructor(status: number, code: string, title: string, detail: string, href = "") {
    super(title);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.href = href;
  }
}

export async function refusalOf(response: Response, href: string): Promise<Refusal> {
  const body = (await response.json().catch(() => ({}))) as { type?: string; title?: string; detail?: string };
  const code = (body.type ?? "").replace(/^urn:botenstoff:(problem|error):/, "");
  return new Refusal(response.status, code, body.title ?? response.statusText, body.detail ?? "", href);
}

export function unreachable(): Refusal {
  return new Refusal(0, "unreachable", "", "");
}
