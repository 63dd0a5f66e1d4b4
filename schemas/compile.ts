/**
 * Compiles the JSON schemas ahead of the cold start: `schemas/json/*.json` → `schemas/compiled.js`, one module of plain
 * functions that imports nothing. With `--check` it writes nothing and fails if that module is not what they give.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'

export const SOURCES = new URL('json/', import.meta.url)
export const COMPILED = new URL('compiled.js', import.meta.url)
const HEADER = '// Generated from json/ by `node schemas/compile.ts`. Do not edit.\n'

/** Where the schemas are published: `$id`, and the `dataschema` of events. */
const PUBLISHED_AT = 'https://sluice.io/schemas/'

/** RFC 3339, section 5.6, with its leap second; every month has 31 days here. */
const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

interface Schema {
  readonly $id: string
}

/** The schemas cannot be compiled. The message says which, and why. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/**
 * The text of the module. Its default export maps each CloudEvents type to the function that checks its data.
 *
 * @throws SchemaError if there is no schema, a schema breaks JSON Schema's rules, or its `$id` does not fit its file's name
 */
export async function compiledModule(sources = SOURCES): Promise<string> {
  const schemas = readSchemas(sources)
  const ajv = new Ajv2020({
    // Every place that does not fit, not only the first: a producer should not have to find them one by one.
    allErrors: true,
    // Messages are worded where they are shown, see `lib/cloudevents/schemas.ts`.
    messages: false,
    allowUnionTypes: true,
    formats: { 'date-time': DATE_TIME },
    // One loop over the required names instead of a block of code for each.
    loopRequired: 1,
    code: { source: true, lines: true },
  })
  const each = (take: (schema: Schema) => unknown) => {
    for (const schema of schemas.values()) named(schema, () => take(schema))
  }
  // All are known before one is compiled: schemas may refer to each other.
  each(schema => ajv.addSchema(schema))
  each(({ $id }) => ajv.getSchema($id))
  const idsByType = Object.fromEntries([...schemas].map(([type, { $id }]) => [type, $id]))
  // Not as the CommonJS module that it is: that is a function around all others, which a start would have to parse twice.
  const code = `const exports = {}\n${standaloneCode.default(ajv, idsByType)}\nexport default exports`
  return HEADER + (await selfContained(code))
}

/** What goes wrong with a schema, with the name of its file. */
function named(schema: Schema, take: () => unknown): void {
  try {
    take()
  } catch (error) {
    const file = schema.$id.slice(PUBLISHED_AT.length)
    throw new SchemaError(`schemas/json/${file}: ${reason(schema) ?? (error as Error).message}`)
  }
}

/** In words: the compiler for the functions has none. */
function reason(schema: Schema): string | undefined {
  try {
    new Ajv2020({ allowUnionTypes: true, formats: { 'date-time': DATE_TIME } }).compile(schema)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** `environment.reading.v1.json` → the schema of `io.sluice.environment.reading.v1`. */
function readSchemas(sources: URL): Map<string, Schema> {
  const files = readdirSync(sources).sort()
  if (files.length === 0) throw new SchemaError(`no schema in ${sources.pathname}`)
  return new Map(files.map(file => [`io.sluice.${file.replace(/\.json$/, '')}`, readSchema(sources, file)]))
}

function readSchema(sources: URL, file: string): Schema {
  try {
    const schema: Schema = JSON.parse(readFileSync(new URL(file, sources), 'utf8'), withoutProse)
    if (schema.$id === PUBLISHED_AT + file) return schema
  } catch (error) {
    throw new SchemaError(`schemas/json/${file}: ${(error as Error).message}`)
  }
  throw new SchemaError(`schemas/json/${file}: its $id must be ${PUBLISHED_AT}${file}`)
}

/** Leaves out what is for people. A property that happens to be called so is an object here, and stays. */
function withoutProse(key: string, value: unknown): unknown {
  return (key === 'title' || key === 'description') && typeof value === 'string' ? undefined : value
}

/** Takes in the helpers that the code requires of ajv, so that ajv itself is not needed where it runs. */
async function selfContained(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    target: 'node20',
    charset: 'utf8',
    // Minified, it does not name the paths of what it took in, and is the same on every machine.
    minify: true,
    write: false,
  })
  return outputFiles.map(file => file.text).join('')
}

async function main(check: boolean): Promise<void> {
  const compiled = await compiledModule()
  if (!check) return writeFileSync(COMPILED, compiled)
  if (readFileSync(COMPILED, 'utf8') === compiled) return console.log('schemas/compiled.js is up to date')
  console.error('schemas/compiled.js is not what the schemas give: run `node schemas/compile.ts`')
  process.exitCode = 1
}

if (import.meta.main) await main(process.argv.includes('--check'))
