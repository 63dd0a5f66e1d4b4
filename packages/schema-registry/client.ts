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

/** "Subject not found", "version not found" and "schema not found" in the Confluent API. */
const NOT_FOUND = [40401, 40402, 40403]

/** A client for a schema registry with the Confluent API. The address may contain `user:password`. */
export class RegistryClient {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(uri: string) {
    const url = new URL(uri)
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
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
   * @throws RegistryUnavailableError
   */
  async schema(id: number): Promise<Schema | undefined> {
    const answer = await this.#get(`/schemas/ids/${id}`)
    if (!answer) return undefined
    const { text, references } = await this.#withReferences(answer, new Set())
    return { format: formatOf(answer), text, references }
  }

  async #withReferences(
    answer: Answer,
    seen: Set<string>,
  ): Promise<{ text: string; references: { name: string; text: string }[] }> {
    const references: { name: string; text: string }[] = []
    for (const { name, subject, version } of answer.references ?? []) {
      if (seen.has(name)) continue
      seen.add(name)
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const referred = await this.#get(path)
      if (!referred)
        throw new RegistryUnavailableError(`the registry references ${subject}, which it does not know`)
      const inner = await this.#withReferences(referred, seen)
      references.push(...inner.references, { name, text: inner.text })
    }
    return { text: answer.schema, references }
  }

  async #get(path: string): Promise<Answer | undefined> {
    const url = this.#base + path
    try {
      const response = await fetch(url, {
        headers: this.#headers,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
      const body: unknown = await response.json()
      if (response.ok && isObject(body) && typeof body.schema === 'string') return body as unknown as Answer
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

function explain(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
