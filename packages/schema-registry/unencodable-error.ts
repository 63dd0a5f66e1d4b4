/** Data does not match the schema it is to be written with. The message names the place, and never the value. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError'

  /** @param path of the first value that does not match; empty for the data as a whole */
  constructor(path: readonly string[], expected: string) {
    const place = path.map(name => (/^[\w-]{1,40}$/.test(name) ? name : '(a name not shown)')).join('.')
    super(`${place || 'data'} ${expected}`)
  }
}
