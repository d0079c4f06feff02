import { setTimeout as sleep } from "node:timers/promises";

export interface ShownMessage {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly last_error?: string | null;
  readonly attachments?: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly type: string | null;
    readonly bytes: number | null;
    readonly sha256: string | null;
    readonly original_sha256: string | null;
  }[];
  readonly history?: readonly { readonly state: string; readonly at: string }[];
  readonly deliveries?: readonly {
    readonly destination: string;
    readonly purpose: string;
    readonly state: string;
    readonly attempts: number;
    readonly last_error: string | null;
    readonly receipt: unknown;
    readonly confirmation: unknown;
  }[];
}

export interface ShownPurge {
  readonly id: string;
  readonly epoch: number;
  readonly destroyed: number;
  readonly survivors: number;
  readonly certificate: Readonly<Record<string, unknown>>;
  readonly signature: string;
}

/** The engine as its REST API shows it. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new Error(`GET ${path.split("?")[0]} answered ${response.status}`);
    return (await response.json()) as T;
  }

  async find(externalId: string): Promise<ShownMessage[]> {
    const query = new URLSearchParams({ external_id: externalId });
    return (await this.get<{ items: ShownMessage[] }>(`/api/v1/messages?${query.toString()}`)).items;
  }

  /** Waits until the message with this external id is in one of the states. */
  async until(externalId: string, states: readonly string[], withinMs: number): Promise<ShownMessage> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const [message] = await this.find(externalId);
      if (message && states.includes(message.state)) return this.get<ShownMessage>(`/api/v1/messages/${message.id}`);
      if (performance.now() > deadline) {
        const why = message && (await this.#errorsOf(message.id));
        throw new Error(
          `a message is ${message?.state ?? "absent"} after ${withinMs} ms, not ${states.join(" or ")}${why ?? ""}`,
        );
      }
      await sleep(50);
    }
  }

  async #errorsOf(id: string): Promise<string> {
    const { last_error: own, deliveries = [] } = await this.get<ShownMessage>(`/api/v1/messages/${id}`);
    const errors = [own, ...deliveries.map(({ destination, last_error: last }) => last && `${destination}: ${last}`)];
    return errors.flatMap((error) => (error ? [`; ${error}`] : [])).join("");
  }

  /** Has a held, filtered or failed message processed again. @returns the HTTP status */
  async reprocess(id: string): Promise<number> {
    const response = await fetch(`${this.#url}/api/v1/messages/${id}/reprocess`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}` },
    });
    await response.body?.cancel();
    return response.status;
  }

  /** Makes the placeholders of a message's late attachments final. @returns the HTTP status */
  async giveUp(id: string): Promise<number> {
    const response = await fetch(`${this.#url}/api/v1/messages/${id}/placeholder`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify({ decided_by: "the suite", reason: "it never comes" }),
    });
    await response.body?.cancel();
    return response.status;
  }

  async purges(): Promise<ShownPurge[]> {
    return (await this.get<{ items: ShownPurge[] }>("/api/v1/purges")).items;
  }
}
