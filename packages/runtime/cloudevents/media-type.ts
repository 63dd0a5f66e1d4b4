/** Syntax and comparison of media types, RFC 2045 and 2046. */

const TOKEN = "[!#$%&'*+\\-.^_`{|}~0-9A-Za-z]+"
const QUOTED = String.raw`"(?:[ !#-[\]-~]|\\[ -~])*"`
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?: *; *${TOKEN}=(?:${TOKEN}|${QUOTED}))* *$`)

/** Returns true for a media type with type, subtype and parameters (RFC 2045, 5.1). */
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
  return parts.join(';')
}

/** Returns true for a media type with which a record is in structured mode (Kafka binding, 3). */
export function isEventFormat(contentType: string): boolean {
  return /^application\/cloudevents/i.test(contentType)
}

/**
 * Returns true if the subtype is `json` or ends in `+json`, ignoring parameters (CloudEvents JSON format,
 * 3.1).
 */
export function isJson(contentType: string): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
}
