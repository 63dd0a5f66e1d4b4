import type { RegistryAccess, Schema, SchemaFormat } from './client.ts'
import { RegistryError } from './errors.ts'
import { RegistryHttp, signalWithin } from './http.ts'
import { isObject } from './json-values.ts'

/** A version of a subject in the registry. */
export interface SchemaVersion {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly format: SchemaFormat
  readonly text: string
}

/** Result of checking a schema against the versions of a subject. */
export interface Compatibility {
  readonly isCompatible: boolean
  /** Reasons for the incompatibility, as reported by the registry; empty if it reports none. */
  readonly reasons: readonly string[]
}

/** Error codes of the registry for a missing subject, version or schema. Source: Confluent Schema Registry API, "Errors". */
const NOT_FOUND = [40401, 40402, 40403, 40408]
const ANSWER_WITHIN_MS = 10_000

/** Access to the subjects of a registry with the Confluent API. All methods throw a RegistryError if the request fails. */
export class RegistrySubjects {
  readonly #http: RegistryHttp
  readonly #answerWithinMs: number

  /** @param uri address of the registry; it may contain `user:password` */
  constructor(uri: string, { answerWithinMs = ANSWER_WITHIN_MS, ...connection }: RegistryAccess = {}) {
    this.#http = new RegistryHttp(uri, connection)
    this.#answerWithinMs = answerWithinMs
  }

  async list(): Promise<readonly string[]> {
    const answer = await this.#ask('GET', '/subjects')
    return Array.isArray(answer) ? answer.map(String).sort() : this.#nonsense('/subjects')
  }

  /** Returns the version numbers of a subject in ascending order; an empty list if the subject is unknown. */
  async versions(subject: string): Promise<readonly number[]> {
    const path = `${subjectPath(subject)}/versions`
    const answer = (await this.#ask('GET', path)) ?? []
    return Array.isArray(answer) ? answer.map(Number) : this.#nonsense(path)
  }

  /** Returns the latest version of a subject; undefined if the subject is unknown. */
  async version(subject: string): Promise<SchemaVersion | undefined> {
    const path = `${subjectPath(subject)}/versions/latest`
    const answer = await this.#ask('GET', path)
    if (answer === undefined) return undefined
    if (!isObject(answer) || typeof answer.schema !== 'string') return this.#nonsense(path)
    const { schema: text, version, id, schemaType: format = 'AVRO' } = answer
    return { subject, version: Number(version), id: Number(id), format: format as SchemaFormat, text }
  }

  /**
   * Returns the id of a schema; undefined if the subject does not contain the schema.
   *
   * @param withinMs time limit in milliseconds, if it is shorter than the default
   */
  async findId(subject: string, schema: Schema, withinMs?: number): Promise<number | undefined> {
    const answer = await this.#ask('POST', subjectPath(subject), toRequestBody(schema), withinMs)
    return answer === undefined ? undefined : this.#readId(answer, subjectPath(subject))
  }

  /** Registers a schema and returns its id. If the subject already contains the schema, no new version is created. */
  async register(subject: string, schema: Schema): Promise<number> {
    const path = `${subjectPath(subject)}/versions`
    return this.#readId(await this.#ask('POST', path, toRequestBody(schema)), path)
  }

  /** Checks whether the schema could be the next version of the subject. Any schema is compatible if there are no versions. */
  async compatibility(subject: string, schema: Schema): Promise<Compatibility> {
    const path = `/compatibility${subjectPath(subject)}/versions/latest?verbose=true`
    const answer = await this.#ask('POST', path, toRequestBody(schema))
    if (answer === undefined) return { isCompatible: true, reasons: [] }
    if (!isObject(answer) || typeof answer.is_compatible !== 'boolean') return this.#nonsense(path)
    const { is_compatible: isCompatible, messages } = answer
    return { isCompatible, reasons: Array.isArray(messages) ? messages.map(String) : [] }
  }

  /**
   * Returns the compatibility rule for the next version of a subject, such as BACKWARD. The rule of the subject takes precedence
   * over the rule of the registry. Returns undefined if the rule is unknown: Apicurio returns NONE both for a subject without a
   * rule and for a subject with the rule NONE.
   */
  async rule(subject: string): Promise<string | undefined> {
    const own = readLevel(await this.#ask('GET', `/config/${encodeURIComponent(subject)}`))
    if (own !== undefined && own !== 'NONE') return own
    const general = readLevel(await this.#ask('GET', '/config'))
    return own === undefined || own === general ? general : undefined
  }

  /** Sets the compatibility rule for all subjects that have no rule of their own. */
  async setRule(compatibility: string): Promise<void> {
    await this.#ask('PUT', '/config', { compatibility })
  }

  #readId(answer: unknown, path: string): number {
    return isObject(answer) && Number.isSafeInteger(answer.id) ? Number(answer.id) : this.#nonsense(path)
  }

  #nonsense(path: string): never {
    const message = `${this.#http.base}${path} does not respond like a schema registry`
    const said = `it answered 200 to ${path}`
    throw new RegistryError('unavailable', message, { at: this.#http.base, said })
  }

  async #ask(method: string, path: string, body?: object, withinMs = this.#answerWithinMs): Promise<unknown> {
    const signal = signalWithin(withinMs, this.#answerWithinMs)
    const { status, body: answer } = await this.#http.ask(path, { method, body, signal })
    if (status < 300) return answer
    const { error_code: code, message = `status ${status}` } = isObject(answer) ? answer : {}
    if (status === 404 && NOT_FOUND.includes(Number(code))) return undefined
    const text = `the schema registry refuses ${method} ${path}: ${String(message).slice(0, 1_000)}`
    const isAway = status >= 500 || status === 404 || status === 429
    const said = `it answered ${status} to ${method} ${path}: ${String(message).slice(0, 1_000)}`
    throw new RegistryError(isAway ? 'unavailable' : 'refused', text, { status, at: this.#http.base, said })
  }
}

function readLevel(answer: unknown): string | undefined {
  return isObject(answer) && typeof answer.compatibilityLevel === 'string'
    ? answer.compatibilityLevel
    : undefined
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`
}

/**
 * Returns the body of a request. The type is omitted for Avro, because it is the default and some registries do not accept its
 * name.
 */
function toRequestBody({ text, format }: Schema): object {
  return { schema: text, ...(format === 'AVRO' ? {} : { schemaType: format }) }
}
