/** Packages the schemas of a format as a module, which is loaded only by code that reads or writes that format. */
import { EVENT_FORMATS, EVENT_TYPE_NAMES, type EventFormat } from '../lib/event-types.ts'
import { binarySchemas } from './binary.ts'
import { type JsonSchema, jsonSchemaOf } from './sources.ts'

/** Modules with the functions that generate their text: an object that maps each event type to the text of its schema. */
export const PACKAGED: readonly (readonly [compiled: URL, make: () => string])[] = EVENT_FORMATS.map(
  format => [
    new URL(`compiled-texts-${format}.js`, import.meta.url),
    () => `export default ${JSON.stringify(Object.fromEntries(textsOf(format).sort()), null, 1)}\n`,
  ],
)

function textsOf(format: EventFormat): [type: string, text: string][] {
  if (format === 'json') return EVENT_TYPE_NAMES.map(type => [type, bundled(jsonSchemaOf(type))])
  return binarySchemas(format).map(({ type, text }) => [
    type,
    format === 'avro' ? JSON.stringify(JSON.parse(text())) : text(),
  ])
}

/** Returns the schema with referenced schemas under `$defs`, where their `$id` identifies them. */
function bundled(schema: JsonSchema): string {
  const names = new Set(
    [...JSON.stringify(schema).matchAll(/"\$ref":"https:[^"]+\/([^"/]+)\.json"/g)].map(
      ([, name = '']) => name,
    ),
  )
  if (names.size === 0) return JSON.stringify(schema)
  const others = [...names].map(name => [`${name}.json`, jsonSchemaOf(name)])
  return JSON.stringify({ ...schema, $defs: { ...schema.$defs, ...Object.fromEntries(others) } })
}
