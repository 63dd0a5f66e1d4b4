export { RegistryClient, RegistryUnavailableError, type Schema, type SchemaFormat } from './client.ts'
export type { Codec } from './codec.ts'
export { loadCodec } from './load-codec.ts'
export { type Framed, frame, UndecodableError, unframe } from './wire.ts'
