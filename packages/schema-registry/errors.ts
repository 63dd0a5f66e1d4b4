/**
 * A request to a schema registry has failed. `unavailable` means that there was no valid response, so records must wait. `refused`
 * means that the registry has refused the request; the message is the registry's message. `unusable-schema` means that only this
 * schema cannot be used.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: 'unavailable' | 'refused' | 'unusable-schema'
  /** HTTP status, address without credentials, and answer as a phrase such as `it answered 503: …`; absent without an answer. */
  declare readonly status?: number
  declare readonly at?: string
  declare readonly said?: string

  constructor(
    code: RegistryError['code'],
    message: string,
    { status, at, said, ...options }: ErrorOptions & Pick<RegistryError, 'status' | 'at' | 'said'> = {},
  ) {
    super(message, options)
    this.code = code
    Object.assign(this, { status, at, said })
  }
}

/** Returns true for an error of a schema registry. If a code is given, the error must have this code. */
export function isRegistryError(error: unknown, code?: RegistryError['code']): error is RegistryError {
  return error instanceof RegistryError && (code === undefined || error.code === code)
}

/**
 * Bytes cannot be decoded with their schema. `number-not-exact` means that a double cannot represent an integer, so that readers
 * would see another number than the producer has sent.
 */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError'
  readonly code: 'not-decodable' | 'number-not-exact'
  #hasPath = false

  constructor(message: string, code: UndecodableError['code'] = 'not-decodable') {
    super(message)
    this.code = code
  }

  /** Returns the error with the name of the field that could not be read before its message, such as `location.latitude: …`. */
  static within(name: string, error: unknown): unknown {
    if (!(error instanceof UndecodableError)) return error
    error.message = `${name}${error.#hasPath ? '.' : ': '}${error.message}`
    error.#hasPath = true
    return error
  }
}

/** Data does not match the schema with which it must be encoded. The message contains the location, but never the value. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'

  /** @param path path of the first value that does not match; empty if the data as a whole does not match */
  constructor(path: readonly string[], expected: string) {
    const place = path.map(name => (/^[\w-]{1,40}$/.test(name) ? name : '(a name not shown)')).join('.')
    super(`${place || 'data'} ${expected}`)
  }
}

/** Calls `read` and converts its errors. @throws UndecodableError if `read` throws any error */
export function requireMatch<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof UndecodableError && error.code === 'number-not-exact') throw error
    throw new UndecodableError(`it does not match its schema: ${(error as Error).message}`)
  }
}
