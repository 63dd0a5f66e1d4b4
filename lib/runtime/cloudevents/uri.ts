/** RFC 3986: the grammar of URIs and of relative references. */

/** Any number of these characters, with "%" only before two hex digits. */
function many(characters: string, least: '*' | '+' = '*'): string {
  return `(?:[${characters}]|%[0-9A-Fa-f]{2})${least}`
}

const NAME = String.raw`\w\-.~!$&'()*+,;=`
const PATH = `${NAME}:@/`
// 3.2: userinfo, host and port. Brackets stand only around an IP address.
const AUTHORITY = String.raw`//(?:${many(`${NAME}:`)}@)?(?:\[[0-9A-Fa-f:.]+\]|\[[vV][0-9A-Fa-f]+\.[${NAME}:]+\]|${many(NAME)})(?::\d*)?(?:/${many(PATH)})?`
const ABSOLUTE_PATH = `/(?!/)${many(PATH)}`
const SCHEME = '[A-Za-z][A-Za-z0-9+\\-.]*:'
// 4.2: without a scheme, the first segment has no colon.
const RELATIVE_PATH = `${many(`${NAME}@`, '+')}(?:/${many(PATH)})?`
const END = String.raw`(?:\?${many(`${PATH}?`)})?(?:#${many(`${PATH}?`)})?$`

const URI = new RegExp(`^${SCHEME}(?:${AUTHORITY}|${ABSOLUTE_PATH}|(?!/)${many(PATH)})${END}`)
const RELATIVE_REFERENCE = new RegExp(`^(?:${AUTHORITY}|${ABSOLUTE_PATH}|${RELATIVE_PATH}|)${END}`)

/** 4.1: a URI or a relative reference. Empty text is none here, because an attribute is never empty. */
export function isUriReference(text: string): boolean {
  return text !== '' && (RELATIVE_REFERENCE.test(text) || URI.test(text))
}

/** A URI with its scheme. A fragment is allowed, as in the JSON Schema of CloudEvents. */
export function isAbsoluteUri(text: string): boolean {
  return URI.test(text)
}
