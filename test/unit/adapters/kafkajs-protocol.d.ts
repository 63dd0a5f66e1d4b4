declare module 'kafkajs/src/protocol/error.js' {
  /** The error that the client library makes of an answer, by its number in the protocol. */
  export function createErrorFromCode(code: number): Error
}
