/** Puts the schemas of a format into a module, which is loaded only by what reads or writes that format. */
import { readdirSync, readFileSync } from 'node:fs'

const FORMATS = [
  ['avro', '.avsc'],
  ['protobuf', '.proto'],
  ['json', '.json'],
] as const

/** The modules, and what makes the text of each: an object that maps each event type to the text of its schema. */
export const PACKAGED: readonly (readonly [compiled: URL, make: () => string])[] = FORMATS.map(
  ([format, extension]) => [
    new URL(`compiled-texts-${format}.js`, import.meta.url),
    () => textsModule(new URL(`${format}/`, import.meta.url), extension),
  ],
)

/** @throws Error if the folder has no schema, or another kind of file */
function textsModule(folder: URL, extension: string): string {
  const files = readdirSync(folder).sort()
  const odd = files.find(file => !file.endsWith(extension))
  if (files.length === 0 || odd)
    throw new Error(`${folder.pathname}: must hold schemas, ${extension}, and nothing else`)
  const texts = files.map(file => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const whole = extension === '.json' ? bundled(JSON.parse(text), folder) : text
    return [`io.sluice.${file.slice(0, -extension.length)}`, extension === '.avsc' ? compact(text) : whole]
  })
  return `export default ${JSON.stringify(Object.fromEntries(texts), null, 1)}\n`
}

/** With the schemas that it references under `$defs`, where their `$id` makes them found. */
function bundled(schema: Readonly<Record<string, unknown>>, folder: URL): string {
  const refs = new Set(
    [...JSON.stringify(schema).matchAll(/"\$ref":"https:[^"]+\/([^"/]+)"/g)].map(([, name]) => name),
  )
  if (refs.size === 0) return JSON.stringify(schema)
  const others = [...refs].map(name => [name, JSON.parse(readFileSync(new URL(`${name}`, folder), 'utf8'))])
  const { $defs = {} } = schema as { $defs?: object }
  return JSON.stringify({ ...schema, $defs: { ...$defs, ...Object.fromEntries(others) } })
}

function compact(json: string): string {
  return JSON.stringify(JSON.parse(json))
}
