/** A schema as lines that people compare. Pure. */

/** JSON with a line for each member, without documentation, which no reader or writer depends on; other texts as they are. */
export function readable(text: string): string {
  const schema = parsed(text)
  return schema === undefined ? text : JSON.stringify(schema, null, 2)
}

/**
 * The lines of `readable(text)`, counted from 0, of the places that the reasons name, such as `/fields/2/type`.
 *
 * @param reasons a registry's own words
 */
export function linesNamed(text: string, reasons: readonly string[]): ReadonlySet<number> {
  const schema = parsed(text)
  const pointers = schema === undefined ? [] : reasons.flatMap(reason => reason.match(POINTER) ?? [])
  return new Set(pointers.flatMap(pointer => linesAt(schema, pointer.slice(1).split('/'))))
}

/** JSON pointers, as registries write them: Apicurio behind "at", Confluent behind "location:". */
const POINTER = /(?<![\w/:.])\/[\w$-]+(?:\/[\w$-]+)*/g

type Node = Record<string, unknown>

/** Avro has `doc`, JSON Schema `description`. A field with such a name is an object in JSON Schema, and no member in Avro. */
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

/** None if the schema has no such place. */
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
