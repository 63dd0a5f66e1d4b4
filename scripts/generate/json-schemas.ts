/** JSON Schemas of event types. All other schemas in this folder are generated from them. */
import { readFileSync } from 'node:fs'
import { toFileName } from '../../lib/schemas/event-types.ts'

/** Subset of JSON Schema that event types use. */
export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** Schema, and the root schema that contains its `$defs`. */
export interface Located {
  readonly schema: JsonSchema
  readonly root: JsonSchema
}

/** Folder of the JSON Schemas. */
export const SOURCES = new URL('../../events/schemas/json/', import.meta.url)

export function readJsonSchema(type: string): JsonSchema {
  return JSON.parse(readFileSync(new URL(`${toFileName(type)}.json`, SOURCES), 'utf8'))
}

/** Resolves a reference to `$defs` of the same schema, or to the `$id` of another event type. */
export function resolveReference({ schema, root }: Located): Located {
  const { $ref } = schema
  if ($ref === undefined) return { schema, root }
  const own = /^#\/\$defs\/(.+)$/.exec($ref)?.[1]
  if (own === undefined) {
    const other = readJsonSchema($ref.slice($ref.lastIndexOf('/') + 1).replace(/\.json$/, ''))
    return { schema: other, root: other }
  }
  const found = root.$defs?.[own]
  if (!found) throw new Error(`${root.description}: ${$ref} does not exist`)
  return { schema: found, root }
}
