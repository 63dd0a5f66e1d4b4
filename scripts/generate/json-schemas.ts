/** JSON Schemas of event types, from which all other schemas are generated. Those of readings are generated from the families. */
import { readFileSync } from 'node:fs'
import { toFileName } from '../../lib/schemas/event-types.ts'
import type { JsonSchema } from '../../lib/schemas/json-schema.ts'

/** Folder of the JSON Schemas. */
export const SOURCES = new URL('../../events/schemas/json/', import.meta.url)

export function readJsonSchema(type: string): JsonSchema {
  return JSON.parse(readFileSync(new URL(`${toFileName(type)}.json`, SOURCES), 'utf8'))
}
