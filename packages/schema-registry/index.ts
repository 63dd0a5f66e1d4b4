export {
  MAX_SCHEMA_ID,
  type RegistryAccess,
  RegistryClient,
  type Schema,
  type SchemaFormat,
} from './client.ts'
export type { Codec, DataForm } from './codec.ts'
export { isRegistryError, RegistryError, UndecodableError, UnencodableError } from './errors.ts'
export { type Framed, frame, unframe } from './framing.ts'
export { answerText, type RegistryLogin } from './http.ts'
export { loadCodec } from './load-codec.ts'
export {
  type Compatibility,
  RegistrySubjects,
  type SchemaVersion,
} from './subjects.ts'
