/** Which lists and maps each event type always has, by its JSON Schema: Protobuf does not tell an empty one from an absent one. */
import { readdirSync, readFileSync } from 'node:fs'

interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

/** The names that lead to it, with `*` for each item of a list or map. */
type Path = readonly string[]

const SOURCES = new URL('json/', import.meta.url)
export const COMPILED_COLLECTIONS = new URL('compiled-collections.js', import.meta.url)

/** The text of the module: event type → path, and what is there if it is empty. */
export function collectionsModule(): string {
  const found = readdirSync(SOURCES).map(file => {
    const schema = schemaIn(file)
    const paths = [
      ...new Map(collectionsIn(schema, [], schema).map(one => [JSON.stringify(one), one])).values(),
    ]
    return [`io.sluice.${file.replace(/\.json$/, '')}`, paths] as const
  })
  const table = Object.fromEntries(found.filter(([, paths]) => paths.length > 0).sort())
  return `export default ${JSON.stringify(table, null, 1)}\n`
}

function schemaIn(file: string): Schema {
  return JSON.parse(readFileSync(new URL(file, SOURCES), 'utf8'))
}

function collectionsIn(schema: Schema, path: Path, root: Schema): [Path, unknown][] {
  if (schema.$ref?.startsWith('#/$defs/'))
    return collectionsIn(root.$defs?.[schema.$ref.slice('#/$defs/'.length)] ?? {}, path, root)
  if (schema.$ref !== undefined) {
    const other = schemaIn(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1))
    return collectionsIn(other, path, other)
  }
  const inner = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]) => [[...path, name], one] as const),
    ...(schema.anyOf ?? []).map(one => [path, one] as const),
    ...[schema.items, schema.additionalProperties]
      .filter(one => typeof one === 'object' && one !== null)
      .map(one => [[...path, '*'], one as Schema] as const),
  ]
  const own = (schema.required ?? []).flatMap((name): [Path, unknown][] => {
    const empty = emptyOf(schema.properties?.[name] ?? {})
    return empty === undefined ? [] : [[[...path, name], empty]]
  })
  return [...own, ...inner.flatMap(([at, one]) => collectionsIn(one, at, root))]
}

function emptyOf({ items, properties, additionalProperties }: Schema): unknown {
  if (items) return []
  return !properties && typeof additionalProperties === 'object' ? {} : undefined
}
