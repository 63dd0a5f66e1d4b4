/**
 * Validates data with any library that implements Standard Schema (https://standardschema.dev). The engine depends on no such
 * library.
 */
import type { EventData } from './application.ts'
import { ConfigError } from './author-errors.ts'
import type { Event } from './event.ts'
import { type Failure, failure } from './failure-codes.ts'

/** The part of Standard Schema V1 that the engine uses. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Schemas by event type. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>

/** Output type of a schema; `unknown` without a schema. */
export type DataOf<Schema> = [Schema] extends [never]
  ? unknown
  : Schema extends StandardSchema<infer Output>
    ? Output
    : unknown

/** Maximum number of issues that a failure message lists. */
const MAX_ISSUES = 5

/**
 * Returns a function that validates the data of an event with the schema of its type. Data of types without a schema is returned
 * unchanged.
 *
 * @throws ConfigError if a schema validates asynchronously. For some schemas this can be detected only with valid data; in that
 *   case, the event fails later.
 */
export function schemaReader(schemas: EventSchemas): (event: Event) => EventData | Failure {
  const byType = new Map(Object.entries(schemas))
  for (const [type, schema] of byType) assertSynchronous(type, schema)
  return ({ type, data }) => {
    const schema = byType.get(type)
    if (!schema) return { kind: 'data', data }
    const result = validateData(type, schema, data)
    if (!result.issues) return { kind: 'data', data: result.value }
    const lines = result.issues.slice(0, MAX_ISSUES).map(issue => describe(issue, data))
    return failure('schema-violated', lines.join('; '))
  }
}

function assertSynchronous(type: string, schema: StandardSchema): void {
  try {
    validateData(type, schema, undefined)
  } catch (error) {
    // A schema may throw an error for undefined, which is only a test value here.
    if (error instanceof ConfigError) throw error
  }
}

function validateData(type: string, schema: StandardSchema, data: unknown): SchemaResult<unknown> {
  const result = schema['~standard'].validate(data)
  if (!(result instanceof Promise)) return result
  // An unhandled rejection would end the invocation, so ignore the promise.
  result.catch(() => {})
  throw new ConfigError(`the schema of "${type}"`, [
    'it is asynchronous, but events are read synchronously: use a schema without asynchronous checks',
  ])
}

/** Describes where and why the data does not match. The message of the schema is omitted if it quotes the value. */
function describe({ message, path = [] }: SchemaIssue, data: unknown): string {
  const keys = path.map(part => (typeof part === 'object' ? part.key : part))
  const where = keys.length === 0 ? 'the data' : keys.map(String).join('.')
  let found = data
  for (const key of keys) found = (found as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key]
  return `${where}: ${quotes(message, found) ? 'does not match its schema' : message}`
}

function quotes(message: string, value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value)
    // Some libraries quote a value as JSON does.
    return text !== '' && [text, JSON.stringify(text).slice(1, -1)].some(form => message.includes(form))
  }
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, part]) => message.includes(key) || quotes(message, part))
}
