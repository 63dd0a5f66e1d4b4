/** What is needed to connect is not there, or cannot be used. The message says why, and holds no secret. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
}
