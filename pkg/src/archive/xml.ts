import type { Json, JsonObject } from '../json.js';
import { compareEntries, compareItems } from './compare.js';
import { insertAll } from './insert.js';
import { checkText, compareTexts, plainText, type TextJson, textJson } from './text.js';
import type { Difference } from './types.js';

type Path = Difference['path'];

/** A live fragment, element or text. */
export interface LiveNode {
  readonly length: number;
  at(index: number): LiveNode;
  insert(index: number, ...nodes: unknown[]): void;
  delete(index: number, count: number): void;
  setAttribute(name: string, value: Json): void;
  removeAttribute(name: string): void;
  toDelta(): Parameters<typeof textJson>[0];
  applyDelta(delta: Extract<Difference, { kind: 'text' }>['delta']): void;
}

/** An element in an export. */
interface ElementJson extends JsonObject {
  readonly tag: string;
  readonly attributes: JsonObject;
  readonly children: readonly Json[];
}

/** Nodes with the marks and objects of their texts; `without`: what stands for those that others made of something else. */
export function exportNodes(live: LiveNode, nodes: readonly Json[], without: (node: Json) => Json): Json[] {
  return nodes.map((node, index) => {
    const part = partOf(() => live.at(index));
    if (!part) return without(node);
    if (typeof node === 'string') return textJson(part.toDelta()) as Json;
    return isElement(node) ? { ...node, children: exportNodes(part, node.children, without) } : node;
  });
}

/** A live part; none where others wrote something else instead. */
export function partOf<T>(live: () => T): T | undefined {
  try {
    return live();
  } catch {
    return undefined;
  }
}

/** Nodes with their texts as strings, as live parts take them. */
export function plainNodes(nodes: readonly Json[], place: string): Json[] {
  return nodes.map((node, index) => {
    const here = `${place}[${index}]`;
    if (Array.isArray(node)) return plainText(checkText(node as Json, here));
    if (!isElement(node)) return node;
    return { ...node, children: plainNodes(node.children, `${here}.children`) };
  });
}

/** Whether any text in nodes has marks or objects. */
export function nodesHaveRuns(nodes: readonly Json[]): boolean {
  return nodes.some((node) => Array.isArray(node) || (isElement(node) && nodesHaveRuns(node.children)));
}

/** What makes nodes other nodes. */
export function compareNodes(before: readonly Json[], after: readonly Json[], path: Path, out: Difference[]): void {
  compareItems(before, after, path, out, kindOf, (old, next, at) => {
    if (isElement(old) && isElement(next)) {
      compareEntries(old.attributes, next.attributes, null, [...at, 'attributes'], out);
      compareNodes(old.children, next.children, [...at, 'children'], out);
    } else {
      const delta = compareTexts(old as TextJson, next as TextJson);
      if (delta.length > 0) out.push({ kind: 'text', path: at, delta });
    }
  });
}

/** Nodes of a kind can become each other: texts, and elements of one name; not what is no node. */
function kindOf(node: Json): string {
  return isElement(node) ? `<${node.tag}` : String(node === null);
}

function isElement(node: Json): node is ElementJson {
  return typeof node === 'object' && node !== null && 'tag' in node && Array.isArray((node as JsonObject).children);
}

/** Applies a difference inside of a live fragment. */
export function applyToNodes(live: LiveNode, path: Path, difference: Difference): void {
  let node = live;
  for (const step of path) if (typeof step === 'number') node = node.at(step);
  switch (difference.kind) {
    case 'text':
      node.applyDelta(difference.delta);
      break;
    case 'map':
      for (const name of difference.removed) node.removeAttribute(name);
      for (const [name, value] of Object.entries(difference.set)) node.setAttribute(name, value);
      break;
    case 'list':
      applyList(node, difference.delta);
  }
}

function applyList(live: LiveNode, delta: Extract<Difference, { kind: 'list' }>['delta']): void {
  let at = 0;
  for (const step of delta) {
    if ('retain' in step) at += step.retain;
    else if ('delete' in step) live.delete(at, step.delete);
    else {
      insertAll(live, at, plainNodes(step.insert, ''));
      finishNodes(live, step.insert, at);
      at += step.insert.length;
    }
  }
}

/** What was just written at an index has the characters of its texts; the rest follows. */
function finishNodes(live: LiveNode, nodes: readonly Json[], at: number): void {
  if (!nodesHaveRuns(nodes)) return;
  const rest: Difference[] = [];
  compareNodes(plainNodes(nodes, ''), nodes, [], rest);
  for (const difference of rest) {
    const [index, ...path] = difference.path as [number, ...Path];
    applyToNodes(live, [index + at, ...path], difference);
  }
}
