/** JSON Schemas of all event types, packaged ones and those of the families. Pure. */
import texts from '../schemas/compiled-texts-json.js'
import type { JsonSchema } from '../schemas/json-schema.ts'
import type { Families } from './families.ts'
import { buildFamilySchema } from './family-schema.ts'

/** Returns the JSON Schema of an event type; undefined for a type that Sluice does not define. */
export function findJsonSchema(families: Families, type: string): JsonSchema | undefined {
  const family = families.findByType(type)
  if (family) return buildFamilySchema(family.file)
  return Object.hasOwn(texts, type) ? JSON.parse(texts[type] as string) : undefined
}
