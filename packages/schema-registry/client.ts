export type SchemaFormat = 'JSON' | 'AVRO' | 'PROTOBUF'

/** A schema with those that it references, each after the ones that it needs itself. */
export interface Schema {
  readonly format: SchemaFormat
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

/** The registry did not answer, or not as a registry. Nothing is known about the schema, so the record must wait. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError'
}

const ANSWER_WITHIN_MS = 5_000
/** Upper bound for one answer, in bytes, and for the schemas that one references. */
const LARGEST_ANSWER = 4 * 1024 * 1024
const MOST_REFERENCES = 200

export interface RegistryAccess {
  /** Instead of that in the address. */
  readonly login?: { readonly username: string; readonly password: string }
  /** Milliseconds for a schema with all that it references; 5,000 by default. */
  readonly answerWithinMs?: number
}

/** "Subject not found", "version not found" and "schema not found" in the Confluent API. */
const NOT_FOUND = [40401, 40402, 40403]

/** A client for a schema registry with the Confluent API. The address may contain `user:password`. */
export class RegistryClient {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #answerWithinMs: number

  constructor(uri: string, { login: given, answerWithinMs = ANSWER_WITHIN_MS }: RegistryAccess = {}) {
    const url = new URL(uri)
    const { username, password } = given ?? {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }
    const login = `${username}:${password}`
    this.#answerWithinMs = answerWithinMs
    const authorization = `Basic ${Buffer.from(login).toString('base64')}`
    this.#headers = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(login !== ':' && { authorization }),
    }
    url.username = ''
    url.password = ''
    this.#base = url.href.replace(/\/+$/, '')
  }

  /**
   * Returns the schema with this id, or undefined if the registry does not know it.
   *
   * @param withinMs milliseconds for this schema, if fewer than usual
   * @throws RegistryUnavailableError
   */
  async schema(id: number, withinMs: number = this.#answerWithinMs): Promise<Schema | undefined> {
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(Math.min(withinMs, this.#answerWithinMs))))
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
    const url = this.#base + path
    try {
      const response = await fetch(url, { headers: this.#headers, signal })
      const body: unknown = JSON.parse(await textOf(response))
      if (response.ok && isAnswer(body)) return body
      if (response.status === 404 && isObject(body) && NOT_FOUND.includes(Number(body.error_code)))
        return undefined
      throw new Error(`it answered ${response.status}: ${JSON.stringify(body).slice(0, 200)}`)
    } catch (error) {
      throw new RegistryUnavailableError(`the schema registry has no answer at ${url}: ${explain(error)}`)
    }
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

/** @throws Error if the answer is too large */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > LARGEST_ANSWER) throw new Error(`its answer has more than ${LARGEST_ANSWER} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function explain(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
