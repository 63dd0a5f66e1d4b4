/** Syntax and comparison of media types, RFC 2045 and 2046. */

const TOKEN = "[!#$%&'*+\\-.^_`{|}~0-9A-Za-z]+"
const QUOTED = String.raw`"(?:[ !#-[\]-~]|\\[ -~])*"`
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?: *; *${TOKEN}=(?:${TOKEN}|${QUOTED}))* *$`)

/** RFC 2045, 5.1: type, subtype and parameters. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text)
}

/**
 * CloudEvents, "datacontenttype": types and names of parameters are compared case-insensitively, values
 * case-sensitively.
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

/** Kafka binding, 3: a record of such a type is in structured mode. */
export function isEventFormat(contentType: string): boolean {
  return /^application\/cloudevents/i.test(contentType)
}

/** CloudEvents JSON format, 3.1: the subtype is `json` or ends in `+json`; parameters are ignored. */
export function isJson(contentType: string): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
}
