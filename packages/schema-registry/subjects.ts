import type { RegistryAccess, Schema, SchemaFormat } from './client.ts'
import { RegistryError } from './errors.ts'
import { RegistryHttp, signalWithin } from './http.ts'
import { isObject } from './values.ts'

/** A version of a subject, as the registry has it. */
export interface SchemaVersion {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly format: SchemaFormat
  readonly text: string
}

/** The answer to whether a schema can follow the versions of a subject. */
export interface Compatibility {
  readonly isCompatible: boolean
  /** Why not, in the registry's own words; empty if it gives no reasons. */
  readonly reasons: readonly string[]
}

/** Source: Confluent Schema Registry API, "Errors": subject, version and schema not found. */
const NOT_FOUND = [40401, 40402, 40403, 40408]
const ANSWER_WITHIN_MS = 10_000

/** The subjects of a registry with the Confluent API. Its methods throw a RegistryError. */
export class RegistrySubjects {
  readonly #http: RegistryHttp
  readonly #answerWithinMs: number

  /** @param uri may contain `user:password` */
  constructor(uri: string, { answerWithinMs = ANSWER_WITHIN_MS, ...connection }: RegistryAccess = {}) {
    this.#http = new RegistryHttp(uri, connection)
    this.#answerWithinMs = answerWithinMs
  }

  async list(): Promise<readonly string[]> {
    const answer = await this.#ask('GET', '/subjects')
    return Array.isArray(answer) ? answer.map(String).sort() : this.#nonsense('/subjects')
  }

  /** Returns the numbers of a subject's versions, in order; empty for an unknown subject. */
  async versions(subject: string): Promise<readonly number[]> {
    const path = `${subjectPath(subject)}/versions`
    const answer = (await this.#ask('GET', path)) ?? []
    return Array.isArray(answer) ? answer.map(Number) : this.#nonsense(path)
  }

  /** Returns undefined for an unknown subject or version. */
  async version(subject: string, number: number | 'latest' = 'latest'): Promise<SchemaVersion | undefined> {
    const path = `${subjectPath(subject)}/versions/${number}`
    const answer = await this.#ask('GET', path)
    if (answer === undefined) return undefined
    if (!isObject(answer) || typeof answer.schema !== 'string') return this.#nonsense(path)
    const { schema: text, version, id, schemaType: format = 'AVRO' } = answer
    return { subject, version: Number(version), id: Number(id), format: format as SchemaFormat, text }
  }

  /** Returns undefined if the subject does not have the schema. @param withinMs milliseconds for the answer, if fewer than usual */
  async idOf(subject: string, schema: Schema, withinMs?: number): Promise<number | undefined> {
    const answer = await this.#ask('POST', subjectPath(subject), bodyOf(schema), withinMs)
    return answer === undefined ? undefined : this.#idIn(answer, subjectPath(subject))
  }

  /** Returns the id of the schema. One that the subject has already keeps its version. */
  async register(subject: string, schema: Schema): Promise<number> {
    const path = `${subjectPath(subject)}/versions`
    return this.#idIn(await this.#ask('POST', path, bodyOf(schema)), path)
  }

  /** Checks the schema as the next version of the subject. A subject without versions takes any. */
  async compatibility(subject: string, schema: Schema): Promise<Compatibility> {
    const path = `/compatibility${subjectPath(subject)}/versions/latest?verbose=true`
    const answer = await this.#ask('POST', path, bodyOf(schema))
    if (answer === undefined) return { isCompatible: true, reasons: [] }
    if (!isObject(answer) || typeof answer.is_compatible !== 'boolean') return this.#nonsense(path)
    const { is_compatible: isCompatible, messages } = answer
    return { isCompatible, reasons: Array.isArray(messages) ? messages.map(String) : [] }
  }

  /**
   * Returns the rule for a subject's next version, such as BACKWARD: its own, or that of the registry. Undefined if unknown: Apicurio says
   * NONE of a subject without a rule of its own, as of one whose rule is NONE.
   */
  async rule(subject: string): Promise<string | undefined> {
    const own = levelIn(await this.#ask('GET', `/config/${encodeURIComponent(subject)}`))
    if (own !== undefined && own !== 'NONE') return own
    const general = levelIn(await this.#ask('GET', '/config'))
    return own === undefined || own === general ? general : undefined
  }

  /** Sets the rule of the subjects without one of their own. */
  async setRule(compatibility: string): Promise<void> {
    await this.#ask('PUT', '/config', { compatibility })
  }

  #idIn(answer: unknown, path: string): number {
    return isObject(answer) && Number.isSafeInteger(answer.id) ? Number(answer.id) : this.#nonsense(path)
  }

  #nonsense(path: string): never {
    const message = `${this.#http.base}${path} does not answer as a schema registry`
    throw new RegistryError('unavailable', message)
  }

  async #ask(method: string, path: string, body?: object, withinMs = this.#answerWithinMs): Promise<unknown> {
    const signal = signalWithin(withinMs, this.#answerWithinMs)
    const { status, body: answer } = await this.#http.ask(path, { method, body, signal })
    if (status < 300) return answer
    const { error_code: code, message = `status ${status}` } = isObject(answer) ? answer : {}
    if (status === 404 && NOT_FOUND.includes(Number(code))) return undefined
    const text = `the schema registry refuses ${method} ${path}: ${String(message).slice(0, 1_000)}`
    const isAway = status >= 500 || status === 404 || status === 429
    throw new RegistryError(isAway ? 'unavailable' : 'refused', text, { status })
  }
}

function levelIn(answer: unknown): string | undefined {
  return isObject(answer) && typeof answer.compatibilityLevel === 'string'
    ? answer.compatibilityLevel
    : undefined
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`
}

/** A registry takes a schema without a type for Avro, and not every registry knows the type by name. */
function bodyOf({ text, format }: Schema): object {
  return { schema: text, ...(format === 'AVRO' ? {} : { schemaType: format }) }
}
