/**
 * A request to a registry failed. `unavailable`: it did not answer, or not as a registry, so records must wait. `refused`: the message is its own.
 * `unusable-schema`: its answer is about this schema; the registry and other schemas are not affected.
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

/** Returns whether this is an error of a registry, of this code if one is given. */
export function isRegistryError(error: unknown, code?: RegistryError['code']): error is RegistryError {
  return error instanceof RegistryError && (code === undefined || error.code === code)
}

/**
 * Bytes cannot be decoded with their schema. `number-not-exact`: an integer does not fit into a double, so readers would see another
 * number than was sent.
 */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError'
  readonly code: 'not-decodable' | 'number-not-exact'

  constructor(message: string, code: UndecodableError['code'] = 'not-decodable') {
    super(message)
    this.code = code
  }
}

/** Data does not match the schema it is to be written with. The message names the place, and never the value. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'

  /** @param path of the first value that does not match; empty for the data as a whole */
  constructor(path: readonly string[], expected: string) {
    const place = path.map(name => (/^[\w-]{1,40}$/.test(name) ? name : '(a name not shown)')).join('.')
    super(`${place || 'data'} ${expected}`)
  }
}
