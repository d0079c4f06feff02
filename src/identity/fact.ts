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
  const roots = new Map<string, string>();
  const next = (id: string) => {
    const into = byId.get(id)?.into;
    return into && byId.has(into.value) ? into : undefined;
  };
  const oldestOf = (circle: readonly string[]): string =>
    circle.reduce((oldest, id) => ((next(id)?.stamp ?? "") < (next(oldest)?.stamp ?? "") ? id : oldest));
  for (const { id } of nodes) {
    // In the order of the way; each node is walked over once, whoever begins before it.
    const way = new Map<string, number>();
    let at = id;
    let root = roots.get(at);
    while (root === undefined) {
      const into = next(at);
      const since = way.get(at);
      if (since !== undefined) root = oldestOf([...way.keys()].slice(since));
      else if (into) {
        way.set(at, way.size);
        at = into.value;
        root = roots.get(at);
      } else root = at;
    }
    for (const one of [...way.keys(), at]) roots.set(one, root);
  }
  return roots;
}

/**
 * The newest stamp on each node's way to its root: since when what it says is said of the root. "" for a root itself.
 * @param nodes with their roots
 */
export function mergeTimes(nodes: readonly (Merged & { readonly root: string })[]): Map<string, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map<string, string>();
  for (const { id } of nodes) {
    const way: Fact<string>[] = [];
    const walked: string[] = [];
    let at = byId.get(id);
    while (at && at.id !== at.root && at.into && !times.has(at.id)) {
      // What a circle without its root would be is no way at all.
      times.set(at.id, "");
      walked.push(at.id);
      way.push(at.into);
      at = byId.get(at.into.value);
    }
    let newest = at ? (times.get(at.id) ?? "") : "";
    for (const [back, one] of walked.toReversed().entries()) {
      const stamp = way[way.length - 1 - back]?.stamp ?? "";
      if (stamp > newest) newest = stamp;
      times.set(one, newest);
    }
  }
  return times;
}
