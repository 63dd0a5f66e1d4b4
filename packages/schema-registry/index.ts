export {
  LARGEST_SCHEMA_ID,
  type RegistryAccess,
  RegistryClient,
  type Schema,
  type SchemaFormat,
  UnusableSchemaError,
} from './client.ts'
export type { Codec, DataForm } from './codec.ts'
export { type RegistryLogin, RegistryUnavailableError } from './http.ts'
export { loadCodec } from './load-codec.ts'
export {
  type Compatibility,
  RegistryRefusedError,
  RegistrySubjects,
  type SchemaVersion,
} from './subjects.ts'
export type { RegistryTls } from './transport.ts'
export { UnencodableError } from './unencodable-error.ts'
export { InexactNumberError } from './values.ts'
export { type Framed, frame, UndecodableError, unframe } from './wire.ts'
