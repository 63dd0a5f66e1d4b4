/**
 * Lists and maps that are required by the JSON Schema of an event type. They are restored when Protobuf data is read, because
 * Protobuf does not distinguish empty collections from missing ones.
 */
import { type JsonSchema, type Located, resolveReference } from '../../lib/schemas/json-schema.ts'
import { listBinaryTypes } from '../../lib/telemetry/event-types.ts'
import type { Families } from '../../lib/telemetry/families.ts'
import { readJsonSchema } from './json-schemas.ts'

/** Names of the properties that lead to a collection. `*` stands for the items of a list or map. */
type Path = readonly string[]

export const COMPILED_COLLECTIONS = new URL('../../lib/schemas/compiled-collections.js', import.meta.url)

/** Returns the text of the generated module, which contains the paths of collections and their empty values, by event type. */
export function collectionsModule(families: Families): string {
  const found = listBinaryTypes(families).map(type => {
    const root = readJsonSchema(type)
    const all = findCollections({ schema: root, root }, [])
    return [type, [...new Map(all.map(value => [JSON.stringify(value), value])).values()]] as const
  })
  const table = Object.fromEntries(found.filter(([, paths]) => paths.length > 0).sort())
  return `export default ${JSON.stringify(table, null, 1)}\n`
}

function findCollections(located: Located, path: Path): [Path, unknown][] {
  const { schema, root } = resolveReference(located, readJsonSchema)
  const inner = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]) => [[...path, name], one] as const),
    ...(schema.anyOf ?? []).map(schema => [path, schema] as const),
    ...[schema.items, schema.additionalProperties]
      .filter(value => typeof value === 'object')
      .map(schema => [[...path, '*'], schema] as const),
  ]
  const own = (schema.required ?? []).flatMap((name): [Path, unknown][] => {
    const empty = findEmptyValue(schema.properties?.[name] ?? {})
    return empty === undefined ? [] : [[[...path, name], empty]]
  })
  return [...own, ...inner.flatMap(([at, one]) => findCollections({ schema: one, root }, at))]
}

function findEmptyValue({ items, properties, additionalProperties }: JsonSchema): unknown {
  if (items) return []
  return !properties && typeof additionalProperties === 'object' ? {} : undefined
}
