/** How clients of kafkajs connect and sign in. An entry of its own: programs that only read records do not bundle it. */
export { type BearerToken, bearerMechanism } from './bearer.ts'
export { explainedSocket, type TlsAdvice, type TlsError, tlsFailure, tlsProblem } from './sockets.ts'
