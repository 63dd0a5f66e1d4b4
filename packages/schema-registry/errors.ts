/**
 * A request to a registry has failed. `unavailable`: there was no valid response, so records must wait.
 * `refused`: the registry has refused the request, and the message is its own. `unusable-schema`: the problem
 * is limited to this schema; the registry and other schemas can be used.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: 'unavailable' | 'refused' | 'unusable-schema'
  readonly status: number | undefined

  constructor(
    code: RegistryError['code'],
    message: string,
    { status, ...options }: ErrorOptions & { readonly status?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.status = status
  }
}

/** Returns true for an error of a registry, with this code if one is given. */
export function isRegistryError(error: unknown, code?: RegistryError['code']): error is RegistryError {
  return error instanceof RegistryError && (code === undefined || error.code === code)
}

/**
 * Bytes cannot be decoded with their schema. `number-not-exact`: a double cannot represent an integer, so
 * readers would see another number than was sent.
 */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError'
  readonly code: 'not-decodable' | 'number-not-exact'

  constructor(message: string, code: UndecodableError['code'] = 'not-decodable') {
    super(message)
    this.code = code
  }
}

/** Data does not match the schema with which it must be written. The message names the location but never the value. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'

  /** @param path path of the first value that does not match; empty for the data as a whole */
  constructor(path: readonly string[], expected: string) {
    const place = path.map(name => (/^[\w-]{1,40}$/.test(name) ? name : '(a name not shown)')).join('.')
    super(`${place || 'data'} ${expected}`)
  }
}
