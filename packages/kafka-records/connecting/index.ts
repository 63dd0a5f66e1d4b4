/** How clients of kafkajs connect and sign in. An entry of its own: whoever only reads records has none of it in its bundle. */
export { type BearerToken, bearerMechanism } from './bearer.ts'
export { explainedSocket, type TlsAdvice, type TlsError, tlsFailure, tlsProblem } from './sockets.ts'
