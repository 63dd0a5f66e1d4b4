/**
 * Connections and authentication of kafkajs clients. This is a separate entry point, so that programs which only read records do
 * not bundle it.
 */
export { type BearerToken, bearerMechanism } from './bearer-token.ts'
export {
  connectionProblem,
  explainedSocket,
  type TlsAdvice,
  type TlsError,
  tlsFailure,
  toKafkajsBrokers,
} from './explained-socket.ts'
