/**
 * Compiles the JSON schemas ahead of time, to shorten the cold start: `schemas/json/*.json` → `schemas/compiled.js`, one
 * module of plain functions without imports. With `--check` it writes nothing, and fails if the module is out of date.
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

/** RFC 3339, section 5.6, including leap seconds. Does not check the number of days in a month. */
const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

interface Schema {
  readonly $id: string
}

/** The schemas cannot be compiled. The message names the schema and the reason. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/**
 * The text of the compiled module. Its default export maps each CloudEvents type to the function that validates its data.
 *
 * @throws SchemaError if there is no schema, a schema is invalid, or its `$id` does not match its file name
 */
export async function compiledModule(sources = SOURCES): Promise<string> {
  const schemas = readSchemas(sources)
  const ajv = new Ajv2020({
    // All errors, not only the first, so that a producer can fix them together.
    allErrors: true,
    // The messages are written in `lib/app/schemas.ts`.
    messages: false,
    allowUnionTypes: true,
    formats: { 'date-time': DATE_TIME },
    // Generates one loop over the required names instead of a block of code for each.
    loopRequired: 1,
    code: { source: true, lines: true },
  })
  const each = (take: (schema: Schema) => unknown) => {
    for (const schema of schemas.values()) named(schema, () => take(schema))
  }
  // Add all schemas before compiling one, because they may refer to each other.
  each(schema => ajv.addSchema(schema))
  each(({ $id }) => ajv.getSchema($id))
  const idsByType = Object.fromEntries([...schemas].map(([type, { $id }]) => [type, $id]))
  // Turned into an ES module: a CommonJS wrapper is a function around all others, which would be parsed twice at start.
  const code = `const exports = {}\n${standaloneCode.default(ajv, idsByType)}\nexport default exports`
  return HEADER + (await selfContained(code))
}

/** Runs `take`, and puts the name of the schema's file in front of any error. */
function named(schema: Schema, take: () => unknown): void {
  try {
    take()
  } catch (error) {
    const file = schema.$id.slice(PUBLISHED_AT.length)
    throw new SchemaError(`schemas/json/${file}: ${reason(schema) ?? (error as Error).message}`)
  }
}

/** Compiles the schema again with messages, because the compiler above has none. */
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

/** Removes titles and descriptions. A property called `title` or `description` is an object here, and stays. */
function withoutProse(key: string, value: unknown): unknown {
  return (key === 'title' || key === 'description') && typeof value === 'string' ? undefined : value
}

/** Bundles the ajv helpers that the code needs, so that ajv itself is not needed at run time. */
async function selfContained(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    target: 'node20',
    charset: 'utf8',
    // Minified code does not contain the paths of bundled files, so it is the same on every machine.
    minify: true,
    write: false,
  })
  return outputFiles.map(file => file.text).join('')
}

async function main(check: boolean): Promise<void> {
  const compiled = await compiledModule()
  if (!check) return writeFileSync(COMPILED, compiled)
  if (readFileSync(COMPILED, 'utf8') === compiled) return console.log('schemas/compiled.js is up to date')
  console.error('schemas/compiled.js is out of date: run `node schemas/compile.ts`')
  process.exitCode = 1
}

if (import.meta.main) await main(process.argv.includes('--check'))
