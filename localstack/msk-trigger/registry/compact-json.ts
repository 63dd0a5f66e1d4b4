/** What JSON allows between its tokens. */
const WHITESPACE = /[\t\n\r ]/

/** Removes whitespace between the tokens of valid JSON. Parsing it and writing it again would round numbers beyond 2^53. */
export function compactJson(json: string): string {
  if (!WHITESPACE.test(json)) return json
  let compact = ''
  let from = 0
  let isText = false
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at] as string
    if (character === '\\') at += 1
    else if (character === '"') isText = !isText
    else if (!isText && WHITESPACE.test(character)) {
      compact += json.slice(from, at)
      from = at + 1
    }
  }
  return compact + json.slice(from)
}
