/** Types of `google/protobuf/*.proto` whose JSON form is not derived from their fields. */
import type { Type } from 'protobufjs'

const PACKAGE = '.google.protobuf.'
const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes']
export const WRAPPER_NAMES: readonly string[] = WRAPPERS.map(name => `${PACKAGE}${name}Value`)
const UNSUPPORTED = ['Struct', 'Value', 'ListValue', 'FieldMask', 'Any'].map(name => `${PACKAGE}${name}`)

/** Returns true for a wrapper message: its JSON form is the JSON form of its only field, `value`. */
export function isWrapper({ fullName }: Type): boolean {
  return WRAPPER_NAMES.includes(fullName)
}

/** Returns true if the message has a special JSON form that is not implemented here. */
export function isUnsupported({ fullName }: Type): boolean {
  return UNSUPPORTED.includes(fullName)
}
