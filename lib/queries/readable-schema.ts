/** Formats a schema as lines of text for comparison. Pure. */

/**
 * Formats a JSON schema with one member per line. Documentation is removed, because it does not affect compatibility. Other texts
 * are returned unchanged.
 */
export function readable(text: string): string {
  const schema = parsed(text)
  return schema === undefined ? text : JSON.stringify(schema, null, 2)
}

/**
 * Returns the line numbers in `readable(text)` to which the reasons refer, counted from 0. Reasons contain positions such as
 * `/fields/2/type`.
 *
 * @param reasons reasons for rejecting a schema, as reported by the registry
 */
export function linesNamed(text: string, reasons: readonly string[]): ReadonlySet<number> {
  const schema = parsed(text)
  const pointers = schema === undefined ? [] : reasons.flatMap(reason => reason.match(POINTER) ?? [])
  return new Set(pointers.flatMap(pointer => linesAt(schema, pointer.slice(1).split('/'))))
}

/** Matches JSON pointers in error messages of schema registries. Apicurio writes them after "at", Confluent after "location:". */
const POINTER = /(?<![\w/:.])\/[\w$-]+(?:\/[\w$-]+)*/g

type Node = Record<string, unknown>

/**
 * Parses a schema and removes documentation: `doc` in Avro, `description` in JSON Schema. Only text values are removed. A field
 * with one of these names is kept, because its definition is not a text.
 */
function parsed(text: string): Node | undefined {
  try {
    const schema: unknown = JSON.parse(text, (name, value) =>
      (name === 'doc' || name === 'description') && typeof value === 'string' ? undefined : value,
    )
    return typeof schema === 'object' && schema !== null ? (schema as Node) : undefined
  } catch {
    return undefined
  }
}

/** Returns the line numbers of a position in the schema; empty if there is no such position. */
function linesAt(schema: unknown, path: readonly string[]): number[] {
  const marker = '\u0000'
  const copy = { root: structuredClone(schema) as unknown }
  let [node, name]: [Node, string] = [copy, 'root']
  for (const step of path) {
    const next = node[name]
    if (typeof next !== 'object' || next === null || !Object.hasOwn(next, step)) return []
    node = next as Node
    name = step
  }
  const count = JSON.stringify(node[name], null, 2).split('\n').length
  node[name] = marker
  const lines = JSON.stringify(copy.root, null, 2).split('\n')
  const first = lines.findIndex(line => line.includes(JSON.stringify(marker)))
  return Array.from({ length: count }, (_, index) => first + index)
}
