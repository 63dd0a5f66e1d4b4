/** Waits for servers, and converts their errors to messages for users. */
export { withTimeout as awaitAnswer } from '../../lib/diagnosis/observe.ts'
export { serverFailure } from '../../lib/operations/server-failure.ts'
