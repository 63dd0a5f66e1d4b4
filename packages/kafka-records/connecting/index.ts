/**
 * Connections and authentication of kafkajs clients. A separate entry point, so that programs that only read
 * records do not bundle it.
 */
export { type BearerToken, bearerMechanism } from './bearer.ts'
export { explainedSocket, type TlsAdvice, type TlsError, tlsFailure, tlsProblem } from './sockets.ts'
