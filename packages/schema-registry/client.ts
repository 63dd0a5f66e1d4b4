import { isRegistryError, RegistryError } from './errors.ts'
import { isTooLarge, type RegistryConnection, RegistryHttp, signalWithin } from './http.ts'
import { isObject } from './json-values.ts'

/** Schema formats, with the names that schema registries use for them. */
export type SchemaFormat = 'JSON' | 'AVRO' | 'PROTOBUF'

/** A schema and all schemas that it references, directly or indirectly. Each of them follows the schemas that it references. */
export interface Schema {
  readonly format: SchemaFormat
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

/** Largest schema id. All registries with the Confluent API use signed 32-bit integers. */
export const MAX_SCHEMA_ID = 2 ** 31 - 1

const ANSWER_WITHIN_MS = 5_000
/** Maximum number of references of a schema. */
const MAX_REFERENCES = 200

/** Options for access to a schema registry. */
export interface RegistryAccess extends RegistryConnection {
  /** Time limit for fetching a schema and all its references, in milliseconds; 5,000 by default. */
  readonly answerWithinMs?: number
}

/** HTTP status codes that do not depend on the requested schema. The same request may succeed later or with other credentials. */
const NOT_ABOUT_A_SCHEMA = [401, 403, 407, 408, 429]

/** Client for a schema registry with the Confluent API. The address may contain `user:password`. */
export class RegistryClient {
  readonly #http: RegistryHttp
  readonly #answerWithinMs: number

  constructor(uri: string, { answerWithinMs = ANSWER_WITHIN_MS, ...connection }: RegistryAccess = {}) {
    this.#http = new RegistryHttp(uri, connection)
    this.#answerWithinMs = answerWithinMs
  }

  /**
   * Returns the schema with this id; undefined if the registry does not have it.
   *
   * @param id id of the schema, or its GUID, which not all registries have
   * @param withinMs time limit for this schema in milliseconds, if it is shorter than the default
   * @throws RegistryError if the request fails or the schema cannot be used
   */
  async schema(id: number | string, withinMs: number = this.#answerWithinMs): Promise<Schema | undefined> {
    const isGuid = typeof id === 'string'
    if (!isGuid && (id < 0 || id > MAX_SCHEMA_ID)) return undefined
    const signal = signalWithin(withinMs, this.#answerWithinMs)
    const answer = await this.#get(`/schemas/${isGuid ? 'guids' : 'ids'}/${id}`, signal)
    if (!answer) return undefined
    const { text, references } = await this.#withReferences(answer, new Set(), signal)
    return { format: parseFormat(answer), text, references }
  }

  async #withReferences(
    answer: Answer,
    seen: Set<string>,
    signal: AbortSignal,
  ): Promise<{ text: string; references: { name: string; text: string }[] }> {
    const references: { name: string; text: string }[] = []
    for (const { name, subject, version } of answer.references) {
      if (seen.has(name)) continue
      seen.add(name)
      if (seen.size > MAX_REFERENCES)
        throw new RegistryError('unusable-schema', `its schema has more than ${MAX_REFERENCES} references`)
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const referred = await this.#get(path, signal)
      if (!referred)
        throw new RegistryError(
          'unusable-schema',
          `its schema references version ${version} of ${subject}, which the registry does not know`,
        )
      const inner = await this.#withReferences(referred, seen, signal)
      references.push(...inner.references, { name, text: inner.text })
    }
    return { text: answer.schema, references }
  }

  async #get(path: string, signal: AbortSignal): Promise<Answer | undefined> {
    const { status, body } = await this.#http.ask(path, { signal }).catch(unlessTooLarge)
    if (status < 300 && isObject(body) && typeof body.schema === 'string') return parseAnswer(body)
    const isRefusal = status >= 400 && status < 500 && !NOT_ABOUT_A_SCHEMA.includes(status)
    const why = JSON.stringify(body).slice(0, 200)
    // A response without an error code does not come from the registry, but from a server between this client and the registry.
    if (isRefusal && isObject(body) && Number.isSafeInteger(body.error_code)) {
      if (status === 404) return undefined
      throw new RegistryError(
        'unusable-schema',
        `the schema registry does not return its schema: ${status}, ${why}`,
      )
    }
    throw this.#http.unavailable(path, `it answered ${status}: ${why}`)
  }
}

function unlessTooLarge(error: unknown): never {
  if (isRegistryError(error) && isTooLarge(error.cause))
    throw new RegistryError('unusable-schema', `its schema cannot be used: ${error.message}`, {
      cause: error,
    })
  throw error
}

interface Answer {
  readonly schema: string
  readonly schemaType?: string
  readonly references: readonly {
    readonly name: string
    readonly subject: string
    readonly version: number
  }[]
}

/** Returns the format of a schema. Registries omit the type for Avro. */
function parseFormat({ schemaType = 'AVRO' }: Answer): SchemaFormat {
  if (schemaType === 'AVRO' || schemaType === 'JSON' || schemaType === 'PROTOBUF') return schemaType
  throw new RegistryError(
    'unusable-schema',
    `its schema is in the unknown format ${String(schemaType).slice(0, 40)}`,
  )
}

/** Validates a response. @throws RegistryError `unusable-schema` if its members do not match the Confluent API */
function parseAnswer(body: Readonly<Record<string, unknown>>): Answer {
  const references = body.references ?? []
  const isReference = ({ name, subject, version }: Readonly<Record<string, unknown>>) =>
    typeof name === 'string' && typeof subject === 'string' && Number.isSafeInteger(version)
  if (
    !Array.isArray(references) ||
    !references.every(reference => isObject(reference) && isReference(reference))
  )
    throw new RegistryError(
      'unusable-schema',
      'its schema has references without a name, a subject and a version',
    )
  return { ...body, references } as unknown as Answer
}
