import { isMap, isNode, isScalar, isSeq } from "yaml";
import type { LineCounter } from "yaml";
import type { Path } from "./interpolate.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where a path of a checked value stands in the text, both from 1. A member that is missing is shown where its parent
 * begins; `atKey` asks for the member's name instead of its value.
 */
export function positionOf(contents: unknown, path: Path, lines: LineCounter, atKey = false): Position {
  let node = contents;
  let offset = start(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(step));
      if (!pair) {
        break;
      }
      const keyOnly = atKey && depth === path.length - 1;
      offset = (keyOnly ? undefined : start(pair.value)) ?? start(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = start(node) ?? offset;
    } else {
      break;
    }
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
