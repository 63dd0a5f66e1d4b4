import { isObject, RegistryHttp, type RegistryLogin, RegistryUnavailableError, signalWithin } from './http.ts'

export type SchemaFormat = 'JSON' | 'AVRO' | 'PROTOBUF'

/** A schema with those that it references, each after the ones that it needs itself. */
export interface Schema {
  readonly format: SchemaFormat
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

const ANSWER_WITHIN_MS = 5_000
/** Upper bound for the schemas that one references. */
const MOST_REFERENCES = 200

export interface RegistryAccess {
  /** Instead of that in the address. */
  readonly login?: RegistryLogin
  /** Milliseconds for a schema with all that it references; 5,000 by default. */
  readonly answerWithinMs?: number
}

/** "Subject not found", "version not found" and "schema not found" in the Confluent API. */
const NOT_FOUND = [40401, 40402, 40403]

/** A client for a schema registry with the Confluent API. The address may contain `user:password`. */
export class RegistryClient {
  readonly #http: RegistryHttp
  readonly #answerWithinMs: number

  constructor(uri: string, { login, answerWithinMs = ANSWER_WITHIN_MS }: RegistryAccess = {}) {
    this.#http = new RegistryHttp(uri, login)
    this.#answerWithinMs = answerWithinMs
  }

  /**
   * Returns the schema with this id, or undefined if the registry does not know it.
   *
   * @param withinMs milliseconds for this schema, if fewer than usual
   * @throws RegistryUnavailableError
   */
  async schema(id: number, withinMs: number = this.#answerWithinMs): Promise<Schema | undefined> {
    const signal = signalWithin(withinMs, this.#answerWithinMs)
    const answer = await this.#get(`/schemas/ids/${id}`, signal)
    if (!answer) return undefined
    const { text, references } = await this.#withReferences(answer, new Set(), signal)
    return { format: formatOf(answer), text, references }
  }

  async #withReferences(
    answer: Answer,
    seen: Set<string>,
    signal: AbortSignal,
  ): Promise<{ text: string; references: { name: string; text: string }[] }> {
    const references: { name: string; text: string }[] = []
    for (const { name, subject, version } of answer.references ?? []) {
      if (seen.has(name)) continue
      seen.add(name)
      if (seen.size > MOST_REFERENCES)
        throw new RegistryUnavailableError(
          `the registry has a schema with more than ${MOST_REFERENCES} references`,
        )
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const referred = await this.#get(path, signal)
      if (!referred)
        throw new RegistryUnavailableError(`the registry references ${subject}, which it does not know`)
      const inner = await this.#withReferences(referred, seen, signal)
      references.push(...inner.references, { name, text: inner.text })
    }
    return { text: answer.schema, references }
  }

  async #get(path: string, signal: AbortSignal): Promise<Answer | undefined> {
    const { status, body } = await this.#http.ask(path, { signal })
    if (status < 300 && isAnswer(body)) return body
    if (status === 404 && isObject(body) && NOT_FOUND.includes(Number(body.error_code))) return undefined
    throw this.#http.unavailable(path, `it answered ${status}: ${JSON.stringify(body).slice(0, 200)}`)
  }
}

interface Answer {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly {
    readonly name: string
    readonly subject: string
    readonly version: number
  }[]
}

/** A registry omits the type for Avro. */
function formatOf({ schemaType = 'AVRO' }: Answer): SchemaFormat {
  if (schemaType === 'AVRO' || schemaType === 'JSON' || schemaType === 'PROTOBUF') return schemaType
  throw new RegistryUnavailableError(`the registry has a schema in the unknown format ${schemaType}`)
}

function isAnswer(body: unknown): body is Answer {
  if (!isObject(body) || typeof body.schema !== 'string') return false
  const { references = [] } = body
  const isReference = ({ name, subject, version }: Readonly<Record<string, unknown>>) =>
    typeof name === 'string' && typeof subject === 'string' && Number.isSafeInteger(version)
  return Array.isArray(references) && references.every(one => isObject(one) && isReference(one))
}
