/** Connections of a function or a command, each opened at its first use, and secrets. Clients are loaded on demand. */
export { type AwsPlace, readSecret } from '../../adapters/aws/secrets-and-parameters.ts'
export { Connections, type StoredValue } from '../../lambda/connections.ts'
