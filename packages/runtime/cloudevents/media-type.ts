/** Syntax and comparison of media types, RFC 9110, 8.3.1. */
import { findDataFormat, readTypeName } from '../consumer/data-format.ts'

const TOKEN = "[!#$%&'*+\\-.^_`{|}~0-9A-Za-z]+"
const QUOTED = String.raw`"(?:[ !#-[\]-~]|\\[ -~])*"`
const PARAMETER = `${TOKEN}=(?:${TOKEN}|${QUOTED})`
const MEDIA_TYPE = new RegExp(`^[ \\t]*${TOKEN}/${TOKEN}(?:[ \\t]*;(?:[ \\t]*${PARAMETER})?)*[ \\t]*$`)

/** Returns true for a media type with type, subtype and parameters, which may be empty (RFC 9110, 5.6.6). */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text)
}

/**
 * Compares media types as CloudEvents, "datacontenttype" requires: types and names of parameters
 * case-insensitively, values case-sensitively.
 */
export function isSameMediaType(one: string, other: string): boolean {
  return one === other || canonical(one) === canonical(other)
}

function canonical(mediaType: string): string {
  const parts = mediaType.split(';').map(part => {
    const [name = '', ...value] = part.split('=')
    return [name.trim().toLowerCase(), ...value].join('=').trim()
  })
  return parts.filter(part => part !== '').join(';')
}

/** Returns true for a media type with which a record is in structured mode (Kafka binding, 3). */
export function isEventFormat(contentType: string): boolean {
  return readTypeName(contentType).startsWith('application/cloudevents')
}

/**
 * Returns true if the subtype is `json` or ends in `+json`, ignoring parameters (CloudEvents JSON format,
 * 3.1).
 */
export function isJson(contentType: string): boolean {
  return findDataFormat(contentType) === 'json'
}
