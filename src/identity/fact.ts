/** A value and the stamp of the message that said it. Joining keeps the newer: in any order, any number of times. */
export interface Fact<T> {
  readonly value: T;
  readonly stamp: string;
}

/** The newer of two facts about the same thing. */
export function newer<T>(known: Fact<T> | undefined, said: Fact<T>): Fact<T> {
  return known && known.stamp >= said.stamp ? known : said;
}

/** A node of a merge: who it went into, and which message said so. */
export interface Merged {
  readonly id: string;
  readonly into?: Fact<string>;
}

/**
 * What each node was merged into in the end, itself where it was not. A circle (A into B, later B into A) is cut at its
 * oldest merge, so that the last word counts and every order of arrival leads to the same.
 */
export function rootsOfMerges(nodes: readonly Merged[]): Map<string, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const next = (id: string) => {
    const into = byId.get(id)?.into;
    return into && byId.has(into.value) ? into : undefined;
  };
  const rootOf = (start: string): string => {
    const path: string[] = [];
    let at = start;
    for (;;) {
      const into = next(at);
      if (!into) return at;
      if (path.includes(at)) return oldestOf(path.slice(path.indexOf(at)));
      path.push(at);
      at = into.value;
    }
  };
  const oldestOf = (circle: readonly string[]): string => {
    const [oldest = ""] = circle.toSorted((a, b) => ((next(a)?.stamp ?? "") < (next(b)?.stamp ?? "") ? -1 : 1));
    return oldest;
  };
  return new Map(nodes.map(({ id }) => [id, rootOf(id)]));
}

/** The newest stamp on a node's way to its root: since when what it says is said of the root. "" for the root itself. */
export function mergedAt(nodes: readonly Merged[], id: string, root: string): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let newest = "";
  for (let at = id; at !== root;) {
    const into = byId.get(at)?.into;
    if (!into) return newest;
    if (into.stamp > newest) newest = into.stamp;
    at = into.value;
  }
  return newest;
}
